#!/usr/bin/env python3
"""Cards as a keeper meets them: authorities, policies, revocation lists, cards that wait."""
import datetime
import os
import shutil

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

import journey
from journey import FAILED, NOT_FOUND, REFUSED, contains, equal, holds

ANA, RUI, EVA = "ANA MARIA DOS SANTOS", "RUI COSTA", "EVA LIMA"
POLICY = "2.16.620.1.1.1.2.4.0.7"


class Place(journey.Place):
    def __enter__(self):
        self.init()
        self.authorities = self.path("state", "pki", "card-authorities")
        os.mkdir(self.authorities, 0o700)
        os.mkdir(self.path("crls"), 0o700)
        self.ana = self.card(ANA, "rsa")
        self.trust(self.ana)
        return self

    def trust(self, card):
        shutil.copy(os.path.join(card.folder, "authority.pem"), os.path.join(self.authorities, os.path.basename(card.folder) + ".pem"))

    def configure(self, *lines):
        journey.write(self.path("state", "server.conf"), "\n".join(("[cards]", *lines, "")))

    def restart(self, *lines):
        port = 0
        if self.server and not self.server.ended:
            port = self.server.port
            self.server.stop()
        self.configure(*lines)
        return self.serve(port=port)

    def refused(self, player, sentence):
        """A sign-in that is refused with this in its sentence."""
        ran = player.run("--list", "--json", ok=REFUSED)
        contains(ran.out + ran.err, sentence, "the player")


def revocation_list(card, path, revoked=(), days=7):
    """The list of the authority that issued the card."""
    with open(os.path.join(card.folder, "pki", "issuer.pem"), "rb") as file:
        issuer = x509.load_pem_x509_certificate(file.read())
    with open(os.path.join(card.folder, "pki", "issuer.key"), "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    now = datetime.datetime.utcnow()
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(now - datetime.timedelta(days=30))
    builder = builder.next_update(now + datetime.timedelta(days=days))
    # The authorities of all these cards have one name.
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), False)
    for one in revoked:
        with open(one.certificate, "rb") as file:
            serial = x509.load_pem_x509_certificate(file.read()).serial_number
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - datetime.timedelta(days=1)).build())
    # As a careful program puts it there: whole, by a rename.
    journey.write(path + ".new", builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))
    os.rename(path + ".new", path)


@journey.test("a card is chained to its state's authorities, of four kinds of keys, and its policy is asked for")
def _(place):
    place.restart("policy = " + POLICY)
    place.player_ana = place.player(place.ana, "ana")
    place.player_ana.list()
    listed = place.ctl("cards", "authorities", "--json").json
    equal(sorted(one["key"] for one in listed), ["EC-256", "EC-384", "EC-521"], "the kinds of keys")
    contains(place.ctl("cards", "authorities").out, "EC de Autenticação do Cartão de Cidadão 0018")


@journey.test("a card of another policy is refused, with the reason")
def _(place):
    place.restart("policy = 1.2.3.4")
    place.refused(place.player_ana, "was not issued under the policy")


@journey.test("a card of another state is refused even if it is enrolled, until the keeper trusts that state, without a restart")
def _(place):
    place.restart("policy = " + POLICY)
    place.rui = place.card(RUI)
    place.player_rui = place.player(place.rui, "rui", paired=False)
    ran = place.player_rui.pair(place.invite("rui"), ok=REFUSED)
    contains(ran.out + ran.err, "is not accepted")
    place.trust(place.rui)
    journey.until(lambda: place.player_rui.run("--list", "--json", ok=None).status == journey.DONE, "the card is not accepted")


@journey.test("a revocation list that comes while the server runs shuts its card out at the next sign-in")
def _(place):
    crl = place.path("crls", "ec.crl")
    revocation_list(place.ana, crl)
    place.restart("crls = " + place.path("crls"))
    place.player_ana.list()
    place.refused(place.player_rui, "no revocation list of its authority")
    revocation_list(place.ana, crl, [place.ana])
    place.refused(place.player_ana, "was revoked")


@journey.test("a revocation list past its end shuts everybody out, unless the keeper allows it")
def _(place):
    crl = place.path("crls", "ec.crl")
    revocation_list(place.ana, crl, days=-1)
    place.restart("crls = " + place.path("crls"))
    place.refused(place.player_ana, "out of date")
    contains(place.ctl("cards", "authorities").out, "(out of date)")
    place.restart("crls = " + place.path("crls"), "crl-expired = allow")
    place.player_ana.list()
    os.unlink(crl)


@journey.test("an unknown card waits for the keeper where that is switched on, and is in once it is approved")
def _(place):
    place.eva = place.card(EVA, enrolled=False)
    place.trust(place.eva)
    place.restart("approve-on-first-use = yes")
    place.player_eva = place.player(place.eva, "eva", paired=False)
    ran = place.player_eva.pair(place.invite("eva"), ok=REFUSED)
    contains(ran.out + ran.err, "waiting for the server's keeper")
    # To wait is no failed proof: nothing is slowed down.
    place.refused(place.player_eva, "waiting for the server's keeper")
    contains(place.ctl("cards", "list").out, EVA + "  (waiting)")
    waiting = [card for card in place.ctl("cards", "list", "--json").json if card["standing"] == "waiting"]
    equal([card["name"] for card in waiting], [EVA], "who waits")
    contains(place.ctl("cards", "approve", EVA).out, "let in")
    place.player_eva.list()


@journey.test("a card of an authority that nobody trusts does not even wait")
def _(place):
    stranger = place.card("ZÉ NINGUÉM", enrolled=False)
    player = place.player(stranger, "stranger", paired=False)
    ran = player.pair(place.invite("stranger"), ok=REFUSED)
    contains(ran.out + ran.err, "is not accepted")
    holds("ZÉ" not in place.ctl("cards", "list").out, "a card of nobody's is listed")


@journey.test("an invitation with a card lets the first card in, and no second one")
def _(place):
    place.restart()
    first = place.card("INÊS PAIVA", enrolled=False)
    second = place.card("LUÍS VAZ", enrolled=False)
    for card in first, second:
        place.trust(card)
    place.restart()
    player = place.player(first, "shared", paired=False)
    player.pair(place.invite("shared", "--card"))
    player.list()
    ran = player.run("--list", "--json", card=second, ok=REFUSED)
    contains(ran.out + ran.err, "does not know the card")


@journey.test("nobody's name is on the disk in clear")
def _(place):
    place.server.stop()
    for path in journey.walk(place.state):
        if os.path.isfile(path) and "card-authorities" not in path:
            contents = journey.read(path)
            for name in ANA, RUI, EVA, "INÊS PAIVA":
                # Three letters stand in a key's base64 by chance.
                words = [word for word in (name, *name.split()) if len(word) > 4]
                holds(not any(word.encode() in contents for word in words), f"{name} is in {path}")


@journey.test("what asks for authorities does not start without them, and says so")
def _(place):
    state = place.path("empty")
    place.init("Empty", state)
    journey.write(os.path.join(state, "server.conf"), "[cards]\napprove-on-first-use = yes\n")
    contains(place.ctl("config", "check", state=state, ok=FAILED).sentence, "approve-on-first-use needs card authorities")
    contains(place.run("cantiga-server", "--state", state, "--listen", "127.0.0.1:0", ok=FAILED).sentence, "needs card authorities")
    place.ctl("cards", "approve", "NOBODY", ok=NOT_FOUND)


if __name__ == "__main__":
    journey.main(Place)
