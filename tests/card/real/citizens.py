#!/usr/bin/python3
"""citizens.py FOLDER: people with virtual Citizen Cards, for virtual-card.py, under throwaway authorities shaped like the real ones.

Leaves FOLDER/<who>/card.json (what is on the card, its private keys too) and card.pem (the authentication certificate), and FOLDER/authorities.pem
(from what signed those up to the root).
"""
import datetime
import json
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# who, given name, surname, number of the card, until when
PEOPLE = [
    ("jose", "JOSÉ MARIA", "DA SILVA", "0000100000000001", None),
    ("ana", "ANA LÚCIA", "COSTA", "0000100000000002", None),
    ("rui", "RUI PEDRO", "SANTOS", "0000100000000003", datetime.datetime(2020, 1, 1)),
]
PIN, SIGNATURE_PIN, ADDRESS_PIN = "1234", "4321", "5678"

NOW = datetime.datetime.utcnow()
REGISTRY = [(NameOID.COUNTRY_NAME, "PT"), (NameOID.ORGANIZATION_NAME, "Instituto dos Registos e do Notariado I.P."),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, "Cartão de Cidadão"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "subECEstado")]
STATE = [(NameOID.COUNTRY_NAME, "PT"), (NameOID.ORGANIZATION_NAME, "SCEE - Sistema de Certificação Electrónica do Estado"),
         (NameOID.ORGANIZATIONAL_UNIT_NAME, "ECEstado")]
ROOT = [(NameOID.COUNTRY_NAME, "PT"), (NameOID.ORGANIZATION_NAME, "Sistema de Certificação Eletrónica do Estado")]
AUTHENTICATION_POLICY = x509.ObjectIdentifier("2.16.620.1.1.1.2.4.0.7")


def name_of(attributes):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in attributes])


def usage_of(*set_bits):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in set_bits for name in names})


class Identity:
    def __init__(self, key, subject, by=None, extensions=(), until=None):
        """by None: a root, which signs itself."""
        self.key = key
        issuer = by or self
        self.subject = name_of(subject)
        start = NOW - datetime.timedelta(days=1) if until is None else until - datetime.timedelta(days=1825)
        builder = (x509.CertificateBuilder().subject_name(self.subject).issuer_name(issuer.subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(start)
                   .not_valid_after(until or NOW + datetime.timedelta(days=3650))
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))
        if by is not None:
            builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), critical=False)
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        self.certificate = builder.sign(issuer.key, hashes.SHA256())

    @property
    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)


# The real chains mix kinds of keys as well.
def authority(subject, common_name, curve, by=None):
    extensions = [(x509.BasicConstraints(True, None), True), (usage_of("key_cert_sign", "crl_sign"), True)]
    return Identity(ec.generate_private_key(curve), subject + [(NameOID.COMMON_NAME, common_name)], by, extensions)


def citizen(given, surname, number, use, usage, extra, by, until):
    subject = [(NameOID.COUNTRY_NAME, "PT"), (NameOID.ORGANIZATION_NAME, "Cartão de Cidadão"),
               (NameOID.ORGANIZATIONAL_UNIT_NAME, "Cidadão Português"), (NameOID.ORGANIZATIONAL_UNIT_NAME, use), (NameOID.SURNAME, surname),
               (NameOID.GIVEN_NAME, given), (NameOID.SERIAL_NUMBER, "BI" + number[-9:]), (NameOID.COMMON_NAME, f"{given} {surname}")]
    extensions = [(x509.BasicConstraints(False, None), False), (usage_of(*usage), True)] + extra
    return Identity(rsa.generate_private_key(65537, 2048), subject, by, extensions, until)


def key_of(identity):
    numbers = identity.key.private_numbers()
    return {"n": hex(numbers.public_numbers.n), "d": hex(numbers.d), "certificate": identity.der.hex()}


def make(folder):
    root = authority(ROOT, "ECRaizEstado (TESTE)", ec.SECP521R1())
    state = authority(STATE, "Cartão de Cidadão 006 (TESTE)", ec.SECP384R1(), root)
    for_authentication = authority(REGISTRY, "EC de Autenticação do Cartão de Cidadão 0018", ec.SECP256R1(), state)
    for_signature = authority(REGISTRY, "EC de Assinatura Digital Qualificada do Cartão de Cidadão 0018", ec.SECP256R1(), state)
    client = [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
              (x509.CertificatePolicies([x509.PolicyInformation(AUTHENTICATION_POLICY, None)]), False)]
    for who, given, surname, number, until in PEOPLE:
        authentication = citizen(given, surname, number, "Autenticação do Cidadão", ("digital_signature", "key_agreement"), client,
                                 for_authentication, until)
        signature = citizen(given, surname, number, "Assinatura Qualificada do Cidadão", ("content_commitment",), [], for_signature, until)
        card = {"name": f"{given} {surname}", "number": number, "pin": PIN, "signature_pin": SIGNATURE_PIN, "address_pin": ADDRESS_PIN,
                "authentication": key_of(authentication), "signature": key_of(signature),
                "authorities": {"authentication": for_authentication.der.hex(), "signature": for_signature.der.hex(), "state": state.der.hex()}}
        os.makedirs(os.path.join(folder, who), exist_ok=True)
        with open(os.path.join(folder, who, "card.json"), "w", encoding="utf-8") as file:
            json.dump(card, file)
        with open(os.path.join(folder, who, "card.pem"), "wb") as file:
            file.write(authentication.pem)
    with open(os.path.join(folder, "authorities.pem"), "wb") as file:
        file.write(for_authentication.pem + state.pem + root.pem)


if __name__ == "__main__":
    make(sys.argv[1])
