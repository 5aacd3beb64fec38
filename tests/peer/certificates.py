"""docs/protocol.md 2.2, 3.1, 13.2 and 14: keys, how they sign, certificates and who believes which."""
import datetime
import secrets

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from notation import Broken, must

PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
SERVER, PLAYER = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH
PUBLISHER = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")


# ---- keys and signatures (2.2) ----

def make_key(auth, curve=None):
    if auth == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if auth == "ECDSA":
        return ec.generate_private_key(curve or ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def auth_of(key):
    if isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)):
        return "RSA"
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        return "ECDSA"
    return "EDDSA"


def ecdsa_of(key):
    return ec.ECDSA(hashes.SHA384() if isinstance(key.curve, ec.SECP384R1) else hashes.SHA256())


def sign(key, message):
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, PSS, hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ecdsa_of(key))
    return key.sign(message)


def verify(key, signature, message):
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, PSS, hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ecdsa_of(key))
        else:
            key.verify(signature, message)
    except InvalidSignature as error:
        raise Broken("a signature is not over this") from error


# A card signs by itself (7): its algorithm's name, and what that is.

def card_algorithm(key):
    return "rsa-pkcs1-sha256" if auth_of(key) == "RSA" else "ecdsa-sha256"


def card_sign(key, message):
    if auth_of(key) == "RSA":
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


def card_verify(key, algorithm, signature, message):
    must(algorithm == card_algorithm(key), "the algorithm is not the card's")
    try:
        if auth_of(key) == "RSA":
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Broken("the card's proof is not over this session") from error


# ---- certificates ----

def der(certificate):
    return certificate.public_bytes(Encoding.DER)


def public_der(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def load(text):
    try:
        return x509.load_der_x509_certificate(text)
    except ValueError as error:
        raise Broken("no certificate") from error


def name_of(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


def days(number):
    return datetime.timedelta(days=number)


def signing_hash(key):
    return None if auth_of(key) == "EDDSA" else ecdsa_of(key).algorithm if auth_of(key) == "ECDSA" else hashes.SHA256()


def make_request(key, common_name):
    """A CSR (PKCS#10), DER."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(name_of(common_name))
    return builder.sign(key, signing_hash(key)).public_bytes(Encoding.DER)


class Authority:
    """A key that issues: the server's own authority (14), or a liar's."""

    def __init__(self, name="The other box's authority", auth="ECDSA", issuer=None):
        self.key = make_key(auth)
        self.name = name_of(name)
        self.revoked, self.crl_number = [], 1
        self.certificate = self.issue(self.key.public_key(), name, None, by=issuer or self, authority=True)

    def issue(self, public_key, common_name, usage, by=None, start=-1, end=30, server=None, authority=False):
        """usage: of the leaf. start, end: days from now. server: its identity, for the subjectAltName (3.1)."""
        by = by or self
        builder = (x509.CertificateBuilder().subject_name(name_of(common_name)).issuer_name(by.name).public_key(public_key)
                   .serial_number(secrets.randbits(120)).not_valid_before(now() + days(start)).not_valid_after(now() + days(end))
                   .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
                   .add_extension(x509.KeyUsage(not authority, False, False, False, False, authority, authority, False, False), critical=True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False))
        if usage is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if server is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier("urn:uuid:" + server)]), critical=False)
        return builder.sign(by.key, signing_hash(by.key))

    def crl(self, number=None, start=-1, end=7):
        """The revocation list, DER."""
        builder = (x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(now() + days(start)).next_update(now() + days(end))
                   .add_extension(x509.CRLNumber(number or self.crl_number), critical=False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False))
        for certificate in self.revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(now() - days(1)).build())
        return builder.sign(self.key, signing_hash(self.key)).public_bytes(Encoding.DER)

    def revoke(self, certificate):
        self.revoked.append(certificate)
        self.crl_number += 1


def issued_by(certificate, issuer):
    """That issuer's key signed the certificate."""
    must(certificate.issuer == issuer.subject, "a certificate names another issuer")
    key, signed = issuer.public_key(), certificate.tbs_certificate_bytes
    try:
        if auth_of(key) == "RSA":
            key.verify(certificate.signature, signed, padding.PKCS1v15(), certificate.signature_hash_algorithm)
        elif auth_of(key) == "ECDSA":
            key.verify(certificate.signature, signed, ec.ECDSA(certificate.signature_hash_algorithm))
        else:
            key.verify(certificate.signature, signed)
    except InvalidSignature as error:
        raise Broken("a certificate is signed by another authority") from error


def extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def check_crl(text, authority, least=0):
    """3.1: signed by that authority, not past its nextUpdate, its number not below the highest one seen."""
    crl = x509.load_der_x509_crl(text)
    must(crl.is_signature_valid(authority.public_key()), "the revocation list is signed by another authority")
    must(crl.next_update >= now(), "the revocation list is past its time")
    must(crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number >= least, "the revocation list is an older one than was seen")
    return crl


def check_chain(chain, authority, usage, crl=None):
    """The leaf, if its chain leads to the authority."""
    must(chain, "no certificate")
    certificates = [load(text) for text in chain]
    for certificate, issuer in zip(certificates, certificates[1:] + [authority]):
        must(certificate.not_valid_before <= now() <= certificate.not_valid_after, "a certificate is not valid today")
        issued_by(certificate, issuer)
        constraints = extension(issuer, x509.BasicConstraints)
        must(constraints is not None and constraints.ca, "a certificate is issued by one that is no authority")
        must(crl is None or crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is None, "a certificate was revoked")
    usages = extension(certificates[0], x509.ExtendedKeyUsage)
    must(usages is not None and usage in usages, "a certificate is for another usage")
    return certificates[0]


def uris_of(leaf):
    names = extension(leaf, x509.SubjectAlternativeName)
    return names.get_values_for_type(x509.UniformResourceIdentifier) if names else []


def names_server(leaf, server):
    must("urn:uuid:" + server in uris_of(leaf), "the certificate is another server's")
