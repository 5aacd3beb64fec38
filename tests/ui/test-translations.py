#!/usr/bin/python3
"""Every string that a person may see is marked, collected and translated into the Portuguese of Portugal."""
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.environ["CANTIGA_SOURCE"]
KEYWORDS = ["--keyword=_", "--keyword=N_", "--keyword=C_:1c,2", "--keyword=NC_:1c,2"]
failed = 0
number = 0


def test(sentence, faults):
    """faults: a line each."""
    global failed, number
    number += 1
    faults = list(faults)
    failed += bool(faults)
    print(f"{'not ok' if faults else 'ok'} {number} - {sentence}")
    for fault in faults:
        print("#", fault)


def read(*names):
    with open(os.path.join(SOURCE, *names), encoding="utf-8") as file:
        return file.read()


def potfiles():
    return [line for line in read("po/POTFILES").splitlines() if line and not line.startswith("#")]


def files_with_words():
    for folder, ending, pattern in (("src/ui", ".c", r"\b(N?_|ngettext|C_) \(\"|\b(N?_|ngettext|C_) \($"), ("data/ui", ".ui", r"translatable=\"yes\"")):
        for name in sorted(os.listdir(os.path.join(SOURCE, folder))):
            if name.endswith(ending) and re.search(pattern, read(folder, name), re.MULTILINE):
                yield f"{folder}/{name}"


def untranslated():
    with tempfile.TemporaryDirectory() as folder:
        template = os.path.join(folder, "cantiga.pot")
        collected = subprocess.run(["xgettext", "--from-code=UTF-8", *KEYWORDS, "--files-from=po/POTFILES", "--output=" + template], cwd=SOURCE,
                                   capture_output=True, text=True, check=False)
        if collected.returncode != 0:
            return [collected.stderr]
        compared = subprocess.run(["msgcmp", "po/pt.po", template], cwd=SOURCE, capture_output=True, text=True, check=False)
        # msgcmp names the place of each that lacks, without its words.
        return [f"{line}{words_at(line)}" for line in compared.stderr.splitlines() if line.strip()] if compared.returncode != 0 else []


def words_at(line):
    match = re.match(r"(.*?):(\d+):", line)
    if not match:
        return ""
    try:
        with open(match.group(1), encoding="utf-8") as file:
            return "  " + file.read().splitlines()[int(match.group(2)) - 1]
    except (OSError, IndexError):
        return ""


def checked():
    """Formats that agree, both plural forms, no fuzzy ones left out in silence."""
    ran = subprocess.run(["msgfmt", "--check", "--statistics", "--output-file=/dev/null", "po/pt.po"], cwd=SOURCE, capture_output=True, text=True,
                         env={**os.environ, "LC_ALL": "C"}, check=False)
    said = ran.stderr.splitlines()
    return [line for line in said if ran.returncode != 0 or "fuzzy" in line or "untranslated" in line]


def foreign_words():
    """Words of other Portuguese-speaking countries, and forms of address that this program does not use."""
    banned = r"\b(você|vocês|tela|arquivo de áudio|baixar|mouse|usuário|usuários|senha|deletar|gerenciar|time out|fone|registrar-se|cadastro)\b"
    for line_number, line in enumerate(read("po/pt.po").splitlines(), 1):
        match = re.search(banned, line, re.IGNORECASE) if not line.startswith("msgid") else None
        if match:
            yield f"po/pt.po:{line_number}: “{match.group(0)}”"


def lost_marks():
    """A mnemonic in English has one in Portuguese, an ellipsis an ellipsis."""
    for block in re.split(r"\n\n+", read("po/pt.po")):
        pair = re.match(r'(?:#.*\n|msgctxt .*\n)*msgid "(.+)"\nmsgstr "(.+)"$', block.strip())
        if pair and ("_" in pair.group(1)) != ("_" in pair.group(2)):
            yield f"a mnemonic is lost or added: {pair.group(1)} / {pair.group(2)}"
        if pair and pair.group(1).endswith("…") != pair.group(2).endswith("…"):
            yield f"an ellipsis is lost or added: {pair.group(1)} / {pair.group(2)}"


def raw_errors():
    """What core says went wrong is English: people are told it in their language."""
    for name in sorted(os.listdir(os.path.join(SOURCE, "src/ui"))):
        if name.endswith(".c") and name != "error-words.c" and "error->message" in read("src/ui", name):
            yield f"src/ui/{name} shows an error's own message: cantiga_error_words_get() has it in the person's language"


print("1..7")
test("every file with words for people is in POTFILES", (f"{name} is not in po/POTFILES" for name in files_with_words() if name not in potfiles()))
test("every file of POTFILES is there", (f"{name} is not there" for name in potfiles() if not os.path.exists(os.path.join(SOURCE, name))))
test("every string is translated", untranslated())
test("formats and plural forms are right, nothing is fuzzy", checked())
test("the words are those of Portugal", foreign_words())
test("mnemonics and ellipses are kept", lost_marks())
test("what goes wrong is told in the person's language", raw_errors())
sys.exit(1 if failed else 0)
