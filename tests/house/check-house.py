#!/usr/bin/env python3
"""The house's rules that can be checked by reading: one TAP test a rule, each failure a list of file:line. Run as check-house.py [folder of the sources]."""
import os
import re
import sys

ROOT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CANTIGA_SOURCE", os.path.join(os.path.dirname(__file__), "..", "..")))
FILE_LINES_MAX = 650
FUNCTION_LINES_MAX = 80

# Folder of a layer → the folders that it may include from ("core" is src/core, and so on).
LAYERS = {
    "src/core": {"core"},
    "src/card": {"core", "card"},
    "src/client": {"core", "client"},
    "src/terminal": {"core", "client", "terminal"},
    "src/ui": {"core", "client", "ui"},
    "server": {"core", "server"},
}
# The one door from the desktop program to the server inside it.
DOORS = {"src/ui/share.c": {"server"}}

# Header of another library → where it may be included.
LIBRARIES = [
    (r"(p11-kit/(p11-kit|pkcs11|pin|iter)|pkcs11)\b", ["src/card/"], "PKCS#11 is called by src/card alone"),
    (r"sqlite3\.h|libpq", ["server/sql", "server/ledger"], "the database is asked by server/sql* and server/ledger* alone"),
    (r"gtk/|adwaita|gdk", ["src/ui/"], "GTK stands in src/ui alone"),
    (r"gst/", ["src/client/", "src/ui/", "server/tags", "data/demo/"], "GStreamer stands in the client, the reader of tags and the demo alone"),
    (r"libsoup/", ["src/client/", "server/"], "HTTP is spoken by the client and the server alone"),
]


class File:
    """A file of the tree. code: its lines with comments and texts blanked out, for C; texts: the string literals, as (line number, text)."""

    def __init__(self, path):
        self.path = path
        with open(os.path.join(ROOT, path), encoding="utf-8", errors="surrogateescape") as file:
            self.text = file.read()
        self.lines = self.text.splitlines()
        self.is_c = path.endswith((".c", ".h"))
        self.code, self.texts = split_c(self.text) if self.is_c else (self.lines, [])

    def is_in(self, *starts):
        return self.path.startswith(starts)


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def split_c(text):
    texts = []

    def blank(match):
        token = match.group(0)
        if token[0] == '"':
            texts.append((text.count("\n", 0, match.start()) + 1, token[1:-1]))
            line = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
            if re.match(r"\s*#\s*include\s*$", line):
                return token
            return '""'
        return "''" if token[0] == "'" else "\n" * token.count("\n") or " "

    return TOKEN.sub(blank, text).splitlines(), texts


def read_tree():
    files = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in ("__pycache__", "subprojects")
                            and (name == "build-aux" or not name.startswith("build")))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            if name.endswith((".c", ".h", ".py", ".sh", ".ui", ".in")) or name == "meson.build" or path.startswith("build-aux/"):
                files.append(File(path))
    return files


def read(path):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def layer_of(path):
    return next((layer for layer in LAYERS if path.startswith(layer + "/")), None)


def includes(file):
    for number, line in enumerate(file.code, 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1), match.group(2)


def ours(files):
    """What is built into the programs."""
    return [file for file in files if file.is_c and file.is_in("src/", "server/", "data/")]


def find(files, pattern, why, code=True):
    """Failures for each line that the pattern is found in."""
    compiled = re.compile(pattern)
    for file in files:
        for number, line in enumerate(file.code if code else file.lines, 1):
            match = compiled.search(line)
            if match:
                yield file.path, number, "%s: %s" % (match.group(0).strip(), why)


# ---- the rules ----

def includes_follow_the_arrows(files):
    for file in files:
        layer = layer_of(file.path)
        if not file.is_c or layer is None:
            continue
        allowed = LAYERS[layer] | DOORS.get(file.path, set())
        for number, kind, name in includes(file):
            first = name.split("/")[0]
            if kind == '"' and (first not in allowed or "/" not in name):
                yield file.path, number, '"%s": %s may include from %s, written from the root' % (name, layer, ", ".join(sorted(allowed)))


def libraries_stay_in_their_layers(files):
    for file in files:
        if not file.is_c or file.is_in("tests/"):
            continue
        for number, _, name in includes(file):
            for pattern, places, why in LIBRARIES:
                if re.match(pattern, name) and not file.is_in(*places):
                    yield file.path, number, "<%s>: %s" % (name, why)


def pkcs11_is_called_by_the_card_helper_alone(files):
    elsewhere = [file for file in ours(files) if not file.is_in("src/card/")]
    yield from find(elsewhere, r"\bC_(Initialize|GetSlotList|OpenSession|Login|FindObjects\w*|Sign\w*|GetAttributeValue)\b|\bCK[RAMUFO]?_[A-Z]\w+|"
                    r"\bp11_kit_module\w*", "PKCS#11 is called by src/card alone")


def sql_is_written_in_the_ledger_alone(files):
    sql = re.compile(r"\b(SELECT\s.+\bFROM|INSERT (OR \w+ )?INTO|DELETE FROM|UPDATE \w+ SET|(CREATE|DROP|ALTER) (TABLE|INDEX|TRIGGER|VIEW)|PRAGMA \w)\b")
    for file in ours(files):
        if file.is_in("server/ledger", "server/sql"):
            continue
        for number, text in file.texts:
            if sql.search(text):
                yield file.path, number, '"%s": SQL is written in server/ledger* and server/sql* alone' % text
        for _, number, text in find([file], r"\bsqlite3_\w+", "SQLite is called in server/sql* and server/ledger* alone"):
            yield file.path, number, text


def secrets_are_compared_and_wiped_in_one_place(files):
    elsewhere = [file for file in ours(files) if file.path != "src/core/secret.c"]
    yield from find(elsewhere, r"\b(bzero|explicit_bzero|memset_s|memset_explicit|OPENSSL_cleanse|CRYPTO_memcmp|bcmp|timingsafe_\w+)\b",
                    "cantiga_wipe() and cantiga_bytes_equal() of core/secret.h do this")
    yield from find(elsewhere, r"\bmemset \([^,]*(key|secret|passphrase|master|\bpin\b|\bprk\b)", "cantiga_wipe() of core/secret.h does this")
    for file in elsewhere:
        if not file.is_in("src/core/", "server/"):
            continue
        for path, number, text in find([file], r"\bmemcmp\b", "cantiga_bytes_equal() compares; of what everybody may know, say /* public */"):
            if "/* public */" not in file.lines[number - 1]:
                yield path, number, text


def no_function_that_is_never_right(files):
    banned = (r"\b(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|system|popen|rand|srand|random|srandom|drand48|rand_r|g_random_(?!set_seed)\w+|g_rand_\w+|strtok|mktemp|"
              r"tmpnam|tempnam|alloca|g_alloca|g_newa\w*|g_spawn_command_line_\w+)(?= \()")
    yield from find(ours(files), banned, "it is never right here")


def no_broken_hash(files):
    yield from find(ours(files), r"\b(\w*_)?(md5|MD5|sha1|SHA1|md4|MD4)\b", "a broken hash")
    for file in ours(files):
        for number, text in file.texts:
            if re.fullmatch(r"(?i)md5|sha-?1|md4", text):
                yield file.path, number, '"%s": a broken hash' % text


def libraries_neither_log_nor_print(files):
    libraries = [file for file in files if file.is_c and file.is_in("src/core/", "src/client/")]
    yield from find(libraries, r"\b(g_print|g_printerr|g_message|g_warning|g_critical|g_debug|g_info|g_log\w*|printf|fprintf|vprintf|vfprintf|puts|fputs|"
                    r"putchar|perror|syslog)(?= \()", "library code returns errors, it never logs or prints")


def files_are_not_too_long(files):
    for file in files:
        if len(file.lines) > FILE_LINES_MAX:
            yield file.path, len(file.lines), "more than %d lines: split it" % FILE_LINES_MAX


def functions_are_not_too_long(files):
    for file in files:
        if not file.is_c:
            continue
        start = 0
        for number, line in enumerate(file.code, 1):
            if line.rstrip() == "{":
                start = number
            elif line.startswith("}") and start > 0:
                if number - start + 1 > FUNCTION_LINES_MAX and line.rstrip() == "}":
                    yield file.path, start, "a function of %d lines, more than %d: split it" % (number - start + 1, FUNCTION_LINES_MAX)
                start = 0


def nothing_is_left_undone(files):
    # This file has to name the words.
    others = [file for file in files if not file.is_in("tests/house/")]
    yield from find(others, r"\b(TODO|FIXME|XXX|HACK)\b", "finish it, or leave it out", code=False)
    yield from find([file for file in others if file.is_c], r"^\s*#\s*if\s+0\b", "finish it, or leave it out")


def nothing_is_skipped(files):
    yield from find([file for file in files if file.is_c and file.is_in("tests/")], r"\bg_test_(skip|incomplete)\w*", "a test that does not run tests nothing")
    for file in files:
        if file.path.endswith("meson.build"):
            yield from find([file], r"\bshould_fail\b", "a test that fails is mended")


BANNED_WORDS = re.compile(r"managers?|utils?|utility|utilities|helpers?|handles?|handlers?|process|processes|processing|data")


def words_of(name):
    return [word for part in re.split(r"[_\-.]", name) for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", part)]


def banned_word(name):
    return next((word for word in words_of(name) if BANNED_WORDS.fullmatch(word.lower())), None)


def names_say_what_a_thing_is(files):
    for file in files:
        name = os.path.basename(file.path)
        if banned_word(os.path.splitext(name)[0]):
            yield file.path, 1, "the file's name has the word “%s”" % banned_word(os.path.splitext(name)[0])
        if not file.is_c:
            continue
        for number, line in enumerate(file.code, 1):
            # The definition of a function of ours stands at the margin; the name of a type behind its brace.
            for match in re.finditer(r"^(?:[\w ]+[ *])?(cantiga_\w+) \(|^\} (Cantiga\w+);|^typedef struct \w+ (Cantiga\w+);", line):
                found = next(group for group in match.groups() if group)
                if banned_word(found):
                    yield file.path, number, "%s has the word “%s”" % (found, banned_word(found))


def every_source_is_built(files):
    listed = {file.path: file.text for file in files if file.path.endswith("meson.build")}
    for file in files:
        if not file.path.endswith(".c"):
            continue
        folder, name = os.path.split(file.path)
        built = False
        while not built:
            text = listed.get(os.path.join(folder, "meson.build"), "")
            relative = os.path.relpath(file.path, folder or ".")
            # A list of tests gives test-x.c as 'x'.
            stem = relative[len("test-"):-len(".c")] if relative.startswith("test-") and "'test-' + name + '.c'" in text else relative
            built = "'%s'" % relative in text or "'%s'" % stem in text
            if not folder:
                break
            folder = os.path.dirname(folder)
        if not built:
            yield file.path, 1, "'%s' stands in no meson.build" % name


def every_test_is_run(files):
    """Scripts: a test that no meson.build names fails for nobody."""
    listed = [file.text for file in files if file.path.startswith("tests/") and file.path.endswith("meson.build")]
    for file in files:
        name = os.path.basename(file.path)
        if file.path.startswith("tests/") and name.startswith("test-") and name.endswith(".py"):
            stem = name[len("test-"):-len(".py")]
            if not any(name + "'" in text or ("'%s'" % stem in text and re.search(r"'test-(@0@|' \+ name \+ ')\.py'", text)) for text in listed):
                yield file.path, 1, "%s stands in no meson.build" % name


def problem_types_are_those_of_the_specification(_):
    section = re.search(r"^## 11\..*?(?=^## )", read("docs/protocol.md"), re.DOTALL | re.MULTILINE)
    start = read("docs/protocol.md").count("\n", 0, section.start()) + 1 if section else 1
    specified, coded = {}, {}
    for number, line in enumerate((section.group(0) if section else "").splitlines(), start):
        row = re.match(r"\| (\d{3}) \| (.*) \|", line)
        for name in re.findall(r"`([a-z-]+)`", row.group(2)) if row else []:
            specified[name] = (row.group(1), number)
    for number, line in enumerate(read("src/core/error.c").splitlines(), 1):
        for name, status in re.findall(r'"/problems/([^"]+)", (\d+)', line):
            coded[name] = (status, number)
    if not specified or not coded:
        yield "docs/protocol.md", start, "section 11 or the table of src/core/error.c was not found"
    for name in sorted(specified.keys() - coded.keys()):
        yield "docs/protocol.md", specified[name][1], "/problems/%s is not in src/core/error.c" % name
    for name in sorted(coded.keys() - specified.keys()):
        yield "src/core/error.c", coded[name][1], "/problems/%s is not in docs/protocol.md 11" % name
    for name in sorted(coded.keys() & specified.keys()):
        if coded[name][0] != specified[name][0]:
            yield "src/core/error.c", coded[name][1], "/problems/%s is %s here and %s in docs/protocol.md 11" % (name, coded[name][0], specified[name][0])


LABEL = re.compile(r"cantiga/1 [a-z0-9]+(?: [a-z0-9]+)*")


def labels_are_those_of_the_specification(files):
    specification = read("docs/protocol.md")
    specified = set(re.findall(r"[\"`](%s)[\"`]" % LABEL.pattern, specification))
    coded = {}
    for number, line in enumerate(read("src/core/kdf.h").splitlines(), 1):
        match = re.match(r'#define CANTIGA_LABEL_\w+\s+"([^"]+)"(.*)', line)
        if match:
            coded[match.group(1)] = number
            if match.group(1) not in specified and "at rest" not in match.group(2):
                yield "src/core/kdf.h", number, "“%s” is neither in docs/protocol.md nor marked as a label at rest" % match.group(1)
    if not coded:
        yield "src/core/kdf.h", 1, "the labels were not found"
    for label in sorted(specified - coded.keys()):
        yield "docs/protocol.md", specification.count("\n", 0, specification.index(label)) + 1, "“%s” is not in src/core/kdf.h" % label


def labels_stand_on_one_page(files):
    for file in ours(files):
        for number, text in file.texts:
            if LABEL.match(text) and file.path != "src/core/kdf.h":
                yield file.path, number, '"%s": labels stand in src/core/kdf.h' % text


def decisions_have_numbers_of_their_own(files):
    folder = os.path.join(ROOT, "docs/adr")
    numbered = {}
    for name in sorted(os.listdir(folder) if os.path.isdir(folder) else []):
        path = "docs/adr/" + name
        number = name[:4]
        if name == "README.md":
            continue
        if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name):
            yield path, 1, "a decision's file is named by its number and what it says: 0001-like-this.md"
        elif number in numbered:
            yield path, 1, "%s is the number of %s already" % (number, numbered[number])
        elif not read(path).startswith("# %s: " % number):
            yield path, 1, "its first line does not begin with “# %s: ”" % number
        numbered.setdefault(number, name)
    for file in files:
        for line, text in enumerate(file.lines, 1):
            for number in re.findall(r"docs/adr/(\d{4})", text):
                if number not in numbered and not file.is_in("tests/house/"):
                    yield file.path, line, "there is no decision %s" % number


# Of GTK itself.
ACTIONS_OF_GTK = ("win.show-help-overlay", "window.close")


def widgets_name_actions_that_are_there(files):
    """GTK says nothing of a button whose action is not there: it is grey, and does nothing."""
    known = {text for file in files if file.is_c and file.is_in("src/ui/") for _, text in file.texts}
    for file in files:
        for number, line in enumerate(file.lines if file.path.endswith(".ui") else (), 1):
            for name in re.findall(r'<(?:property name="action-name"|attribute name="action")>([^<]*)<', line):
                if "::" in name or "(" in name:
                    yield file.path, number, "%s: GTK reads a name alone here; what it is told stands in a target of its own" % name
                elif name not in known and name not in ACTIONS_OF_GTK and name.rsplit(".", 1)[-1] not in known:
                    yield file.path, number, "%s: no source in src/ui has an action of this name" % name


RULES = [
    includes_follow_the_arrows,
    libraries_stay_in_their_layers,
    pkcs11_is_called_by_the_card_helper_alone,
    sql_is_written_in_the_ledger_alone,
    secrets_are_compared_and_wiped_in_one_place,
    no_function_that_is_never_right,
    no_broken_hash,
    libraries_neither_log_nor_print,
    files_are_not_too_long,
    functions_are_not_too_long,
    nothing_is_left_undone,
    nothing_is_skipped,
    names_say_what_a_thing_is,
    every_source_is_built,
    every_test_is_run,
    problem_types_are_those_of_the_specification,
    labels_are_those_of_the_specification,
    labels_stand_on_one_page,
    decisions_have_numbers_of_their_own,
    widgets_name_actions_that_are_there,
]


def main():
    files = read_tree()
    failed = False
    print("1..%d" % len(RULES))
    for number, rule in enumerate(RULES, 1):
        failures = list(rule(files))
        failed = failed or bool(failures)
        print("%s %d - %s" % ("not ok" if failures else "ok", number, rule.__name__.replace("_", " ")))
        for path, line, what in failures:
            print("# %s:%d: %s" % (path, line, what))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
