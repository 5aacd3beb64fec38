"""Where the second implementation meets the real programs: tests/e2e's journey, and cards in software whose key a test may use itself."""
import os
import sys

sys.path.append(os.path.join(os.environ["CANTIGA_SOURCE"], "tests/e2e"))
# pylint: disable=wrong-import-position
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import journey
import certificates


def key_of(card):
    """(key, chain) of a journey.Card."""
    chain = [certificates.der(x509.load_pem_x509_certificate(journey.read(card.certificate)))]
    return load_pem_private_key(journey.read(card.certificate.replace(".pem", ".key")), None), chain
