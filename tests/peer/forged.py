"""Certificates that a player may not sign in with, each for one reason alone. place: the server, its authority, and a player that is paired (test-lying-player.py)."""
import os

import certificates
import player
from certificates import Authority, der

CERTIFICATE, MALFORMED = (401, "certificate-refused"), (400, "malformed")


def leaf(place, by=None, usage=certificates.PLAYER, auth="ECDSA", **more):
    """A leaf of the paired player's own identity, unless told otherwise: but for what a case changes, it would be let in."""
    return [der((by or place.authority).issue(certificates.make_key(auth).public_key(), "Player", usage, **{"server": place.identity, **more}))]


def by_middle(place):
    middle = Authority("In between")
    middle.certificate = place.authority.issue(middle.key.public_key(), "In between", None)
    return leaf(place, middle) + [der(middle.certificate)]


def by_stranger(place):
    stranger = Authority("A stranger")
    return leaf(place, stranger) + [der(stranger.certificate)]


def with_same_name(place):
    false = Authority("False")
    false.name = place.authority.name
    return leaf(place, false)


def by_itself(place):
    own = Authority("Its own")
    return [der(own.issue(own.key.public_key(), "Its own", certificates.PLAYER, server=place.identity))]


def revoked(place):
    """By the list, which is made anew when the server starts: until then the ledger alone refuses it."""
    paired = player.pair(place.invite("revoked"))
    place.ctl("players", "revoke", "revoked")
    place.server.stop()
    place.serve(port=place.server.port)
    return paired.identities["ECDSA"][1]


# what → the chain, the refusal, and its reason
CHAINS = {
    "of another authority": (by_stranger, CERTIFICATE, "another authority's"),
    "of another authority with the same name": (with_same_name, CERTIFICATE, "issued by another authority"),
    "that it made through one that is no authority": (by_middle, CERTIFICATE, "without being an authority's"),
    "that it made for itself": (by_itself, CERTIFICATE, "no authority but itself"),
    "that has expired": (lambda place: leaf(place, start=-30, end=-1), CERTIFICATE, "it has expired"),
    "that is not valid yet": (lambda place: leaf(place, start=1), CERTIFICATE, "not valid yet"),
    "that was revoked": (revoked, CERTIFICATE, "it was revoked"),
    "of a server": (lambda place: leaf(place, usage=certificates.SERVER), CERTIFICATE, "another use"),
    "of a publisher": (lambda place: leaf(place, usage=certificates.PUBLISHER), CERTIFICATE, "another use"),
    "of the authority itself": (lambda place: [der(place.authority.certificate)], CERTIFICATE, "another use"),
    "of the very server": (lambda place: [place.session_leaf], CERTIFICATE, "another use"),
    "of a player that the ledger does not know": (lambda place: leaf(place, server="0b6e2f39-7e06-4c53-9d6d-5b0d3f0c8a11"), CERTIFICATE, "new invitation"),
    "of a player without an identity": (lambda place: leaf(place, server=None), CERTIFICATE, "new invitation"),
    "of nobody": (lambda place: [], MALFORMED, "“certificates” is empty"),
    "of rubbish": (lambda place: [os.urandom(500)], CERTIFICATE, "not a certificate"),
    "of a card": (lambda place: place.keys[1], CERTIFICATE, "another authority"),
    "ten times": (lambda place: place.paired.identities["ECDSA"][1] * 10, MALFORMED, "“certificates”"),
}
