#!/usr/bin/env python3
"""That docs/channel.pv and docs/pairing.pv say what docs/protocol.md says: each thing that is hashed, signed or put under a MAC has the same fields in the same order, each key is derived
from the same, and the labels are those of the code.

A name of the document is a term of the model, in the player's process and in the server's; what the model leaves out stands here as None, with its reason. TAP.
"""
import os
import re
import sys

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))

# The field that the document names → the terms that the models may write for it. None: left out.
TERMS = {
    "server leaf": {"certS"}, "player leaf": {"certP"}, "player nonce": {"nP"}, "server nonce": {"nS"}, "session": {"sid"}, "offered suites": {"(strong, legacy)", "offer"},
    "chosen suite": {"s"}, "player public": {"X"}, "server public": {"Y"}, "t1": {"t1"}, "t2": {"t2"}, "player signature": {"sign(skP, (ctx_ckx, t1))", "sigX"},
    "card binding": {"binding(prk)"}, "H'(server leaf)": {"H(certS)"}, "grant": {"grant"}, "title id": {"title"}, "root": {"H(m)", "H(track)"}, "u64 counter": {"0"},
    "id": {"id"}, "requests": {"csr"}, "authority DER": {"vk(skCA)", "ca"}, "leaves": {"cert"}, "server": {"server_id", "server"},
    # "the choice of a group" is what the model says it leaves out.
    "group": None,
    # Of the manifest the model keeps title and root: the rest is told by the size of the tree and by the media type.
    "u64 size": None, "type": None, "u32 chunk size": None,
    # "of the associated data what only makes it longer": method and path.
    "method": None, "path": None,
}
LABELS = {
    "cantiga/1 t1": ("channel.pv", "lbl_t1"), "cantiga/1 t2": ("channel.pv", "lbl_t2"),
    "cantiga/1 player key exchange": ("channel.pv", "ctx_ckx"), "cantiga/1 server key exchange": ("channel.pv", "ctx_skx"),
    "cantiga/1 citizen card": ("channel.pv", "ctx_card"), "cantiga/1 manifest": ("channel.pv", "ctx_manifest"), "cantiga/1 chunk request": ("channel.pv", "ctx_chunk"),
    "cantiga/1 pair request": ("pairing.pv", "c2s"), "cantiga/1 pair answer": ("pairing.pv", "s2c"),
}
# What Expand makes of a session's keys, by its label → the model's function. None: inside of what the model takes for ideal, the AEAD.
KEYS = {
    "finished": "finished", "player to server": "root_c2s", "server to player": "root_s2c", "rotation": "rotation", "card binding": "binding",
    "stream": "stream", "chunk": "chunkkey", "chunk request": "requestkey", "cipher": None, "mac": None,
}
# Of the server's own files, which no other program reads: they are not the document's.
OWN_LABELS = {"audit", "ledger chain"}


def read(name):
    with open(os.path.join(SOURCE, "docs", name), encoding="utf-8") as file:
        return re.sub(r"\s+", " ", file.read())


def split(text):
    """At commas outside of parentheses."""
    parts, depth, part = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return parts + [part.strip()]


def inside(text, start):
    """What stands in the parentheses that open at start."""
    depth = 0
    for end in range(start, len(text)):
        depth += (text[end] == "(") - (text[end] == ")")
        if depth == 0:
            return text[start + 1:end]
    raise ValueError(text[start:start + 80])


def bare(field):
    """list(x) and lp(x) are x."""
    while re.match(r"(list|lp) ?\(", field):
        field = inside(field, field.index("("))
    return field


def specified(document, label):
    """The fields after the label, as the document has them: H("label", a, b) or lp("label") || lp(a) || lp(b)."""
    as_hash = re.search(r'H\("%s",' % re.escape(label), document)
    if as_hash:
        return [bare(field) for field in split(inside(document, as_hash.start() + 1))[1:]]
    start = re.search(r'lp\("%s"\)((?: ?\|\| ?lp|, ?\|\|| ?\|\| lp| lp)?)' % re.escape(label), document)
    fields, at = [], start.start()
    while document.startswith("lp(", at):
        field = inside(document, at + 2)
        at += 2 + len(field) + 2
        fields.append(bare(field))
        at += re.match(r"(?: \|\| )?", document[at:]).end()
    return fields[1:]


def modelled(model, label):
    """Every tuple in the model that begins with the label."""
    return [split(inside(model, match.start()))[1:] for match in re.finditer(r"\(%s," % label, model)]


def differs(fields, terms):
    wanted = [TERMS.get(field, {field}) for field in fields if TERMS.get(field, {field}) is not None]
    return len(wanted) != len(terms) or any(term not in allowed for term, allowed in zip(terms, wanted))


def differs_in_keys(document, model):
    """Labels of section 4, 5 and 10 whose function is not in the model, is not used by both sides, or has other contexts."""
    wrong = []
    expansions = re.findall(r'Expand\((?:prk|K|stream), "cantiga/1 ([^"]+)"([^)]*)\)', document)
    for label, rest in expansions:
        contexts = len([part for part in rest.split(";")[0].split(",") if part.strip() and part.strip() not in ("|D|", "32") and "length" not in part])
        function = KEYS.get(label, "")
        if function is None:
            continue
        declared = re.search(r"fun %s\(([^)]*)\)" % function, model)
        sides = [side for side in re.findall(r"let (?:Player|Server)\(.*?(?=let Server\(|process)", model) if re.search(r"\b%s\(" % function, side)]
        if not function or not declared or len(declared[1].split(",")) != 1 + contexts or len(sides) != 2:
            wrong.append(label)
    return wrong + sorted(set(KEYS) - {label for label, _ in expansions})


def labels_that_differ(document):
    with open(os.path.join(SOURCE, "src/core/kdf.h"), encoding="utf-8") as file:
        code = set(re.findall(r'"cantiga/1 ([^"]+)"', file.read()))
    return sorted(code ^ set(re.findall(r'["`]cantiga/1 ([a-z0-9 ]+)["`]', document)) ^ OWN_LABELS)


def tell(good, number, sentence, details):
    print(f"{'ok' if good else 'not ok'} {number} - {sentence}")
    if not good:
        print(f"# {details}")
    return not good


def main():
    document = read("protocol.md")
    failed = 0
    print(f"1..{len(LABELS) + 2}")
    for number, (label, (model, name)) in enumerate(LABELS.items(), 1):
        fields, found = specified(document, label), modelled(read(model), name)
        wrong = [terms for terms in found if differs(fields, terms)]
        good = len(fields) > 0 and len(found) >= 2 and not wrong
        failed += tell(good, number, f"{label}: the model's fields are the document's", f"docs/protocol.md: {fields}\n# docs/{model}: {wrong or found}")
    keys, labels = differs_in_keys(document, read("channel.pv")), labels_that_differ(document)
    failed += tell(not keys, len(LABELS) + 1, "keys are derived in the model as in the document, by both sides", keys)
    failed += tell(not labels, len(LABELS) + 2, "the labels of the document are those of src/core/kdf.h", labels)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
