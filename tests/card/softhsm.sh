#!/bin/bash
# softhsm.sh [--add] DIRECTORY [rsa|ec] [NAME]: a Citizen Card in software (PIN 1234), with throwaway authorities shaped like the real ones.
# Leaves in DIRECTORY: softhsm2.conf (for SOFTHSM2_CONF), softhsm2.module (for p11-kit: `module: PATH`), card.pem (the authentication certificate) and card.key,
# authority.pem (what signed it, up to the root).
# CARD_OCSP=URL in the environment: where the certificate says that its authority answers whether it was revoked.
# What was there is replaced; with --add a further card joins it, and card.pem is that one's.
set -euo pipefail
export PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH LC_ALL=C.UTF-8
add=no
if [ "${1:-}" = --add ]; then add=yes; shift; fi
directory=$(realpath -m -- "${1:?softhsm.sh [--add] DIRECTORY [rsa|ec] [NAME]}")
kind=${2:-rsa}
name=${3:-JOSÉ MARIA DA SILVA}
pin=1234
module=$(p=$(ls /usr/lib/*/softhsm/libsofthsm2.so /usr/lib/softhsm/libsofthsm2.so 2>/dev/null) && head -n 1 <<< "$p") || { echo "softhsm.sh: SoftHSM (libsofthsm2) is not here" >&2; exit 1; }
case $kind in rsa|ec) ;; *) echo "softhsm.sh: a card's key is rsa or ec, not $kind" >&2; exit 2 ;; esac

say_why () { echo "softhsm.sh: $1 failed:" >&2; cat "$directory/pki/log" >&2; exit 1; }
quietly () { "$@" > "$directory/pki/log" 2>&1 || say_why "$1"; }

[ $add = yes ] || rm -rf "$directory/tokens" "$directory/pki" "$directory"/{softhsm2.conf,softhsm2.module,card.pem,card.key,authority.pem}
mkdir -p -m 700 "$directory/tokens" "$directory/pki"
cat > "$directory/softhsm2.conf" <<END
directories.tokendir = $directory/tokens
objectstore.backend = file
log.level = ERROR
slots.removable = true
END
printf 'module: %s\n' "$module" > "$directory/softhsm2.module"
export SOFTHSM2_CONF=$directory/softhsm2.conf
cd "$directory/pki"

cat > extensions <<END
[authority]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[authentication]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature,keyAgreement
extendedKeyUsage=clientAuth,emailProtection
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
certificatePolicies=2.16.620.1.1.1.2.4.0.7
${CARD_OCSP:+authorityInfoAccess=OCSP;URI:$CARD_OCSP}
[signature]
basicConstraints=CA:FALSE
keyUsage=critical,nonRepudiation
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
END

# make_key NAME rsa|CURVE
make_key ()
{
  case $2 in
    rsa) quietly openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
    *) quietly openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -pkeyopt ec_param_enc:named_curve -out "$1.key" ;;
  esac
}

# issue NAME EXTENSIONS ISSUER SUBJECT: ISSUER is NAME itself for a root.
issue ()
{
  local by=(-CA "$3.pem" -CAkey "$3.key")
  [ "$3" != "$1" ] || by=(-signkey "$1.key")
  quietly openssl req -new -utf8 -key "$1.key" -subj "$4" -out "$1.csr"
  quietly openssl x509 -req -in "$1.csr" "${by[@]}" -sha256 -days 1825 -set_serial "0x$(openssl rand -hex 8)" -extfile extensions -extensions "$2" -out "$1.pem"
}

# The real chains mix key kinds as well.
if [ ! -f root.pem ]; then
  make_key root P-521
  make_key state P-384
  make_key issuer P-256
  issue root authority root "/C=PT/O=Sistema de Certificação Eletrónica do Estado/CN=ECRaizEstado (TESTE)"
  issue state authority root "/C=PT/O=SCEE - Sistema de Certificação Electrónica do Estado/OU=ECEstado/CN=Cartão de Cidadão 006 (TESTE)"
  issue issuer authority state "/C=PT/O=Instituto dos Registos e do Notariado I.P./OU=Cartão de Cidadão/OU=subECEstado/CN=EC de Autenticação do Cartão de Cidadão 0018"
fi
person="SN=${name##* }/GN=${name% *}/serialNumber=BI$(printf '%09d' $((0x$(openssl rand -hex 4) % 1000000000)))/CN=$name"
algorithm=rsa
[ "$kind" = rsa ] || algorithm=P-256
for use in authentication signature; do
  make_key $use $algorithm
done
issue authentication authentication issuer "/C=PT/O=Cartão de Cidadão/OU=Cidadão Português/OU=Autenticação do Cidadão/$person"
issue signature signature issuer "/C=PT/O=Cartão de Cidadão/OU=Cidadão Português/OU=Assinatura Qualificada do Cidadão/$person"

# The token; its serial number is random, so the label may be the same on every card.
# softhsm2-util says "… reassigned to slot N".
quietly softhsm2-util --init-token --free --label "CARTAO DE CIDADAO" --so-pin 87654321 --pin $pin
slot=$(grep -o '[0-9]*$' log | tail -n 1)
# put FILE TYPE ID LABEL
put ()
{
  quietly pkcs11-tool --module "$module" --slot "$slot" --login --pin $pin --write-object "$1" --type "$2" --id "$3" --label "$4"
}
import ()
{
  quietly softhsm2-util --import "$1.key" --slot "$slot" --id "$2" --label "$3" --pin $pin
}
for use in authentication signature issuer; do
  quietly openssl x509 -in $use.pem -outform DER -out $use.der
done
import authentication 45 "CITIZEN AUTHENTICATION KEY"
import signature 46 "CITIZEN SIGNATURE KEY"
put authentication.der cert 45 "CITIZEN AUTHENTICATION CERTIFICATE"
put signature.der cert 46 "CITIZEN SIGNATURE CERTIFICATE"
put issuer.der cert 51 "AUTHENTICATION SUB CA"

cp authentication.pem "$directory/card.pem"
cp authentication.key "$directory/card.key"
cat issuer.pem state.pem root.pem > "$directory/authority.pem"
quietly openssl verify -CAfile root.pem -untrusted <(cat state.pem issuer.pem) -purpose sslclient "$directory/card.pem"
rm -f log ./*.csr ./*.der signature.key
