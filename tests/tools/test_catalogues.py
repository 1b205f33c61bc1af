"""The catalogues have what the sources show to people, and Ukrainian has words for it.

A catalogue is exported by Odoo from a database; here the sources are read instead,
which takes seconds: code, labels and explanations of fields, and views."""

import ast
import re

import polib
import pytest
from babel.messages.extract import extract_from_dir
from lxml import etree
from workspace import ROOT

from odoo.tools.translate import xml_translate

ADDONS = sorted(path.name for path in ROOT.glob("inboost_connector*"))
#: What reads which files, and the functions whose text is translated.
EXTRACTORS = [
    ("**.py", "odoo.tools.babel:extract_python", {"_": None, "_lt": None}),
    ("static/src/**.js", "odoo.tools.babel:extract_javascript", {"_t": None}),
    ("static/src/**.xml", "odoo.tools.translate:babel_extract_qweb", {}),
    ("data/files/**.json", "odoo.tools.translate:extract_spreadsheet_terms", {}),
]
#: What nobody in Ukraine would say of it, and was said in 19.0.1.0.0.
MENDED = (
    "Точка доступу|Слабко підтверджено|Щонайбільше раз|Щонайменше раз|Висновок"
    "|Востаннє у списку|Надісланий залишок|Залишок надіслано|Коли сталося|Стала в чергу"
    "|Невідомо, чи дійшло|Це правильний клієнт|тутешній|запобіжник|Оренда|взаємозаліку"
    "|заробляє на життя|Узяти телефон|було вбито|порталів у цій"
)
#: Their first argument is a model, not a label.
RELATIONS = ("Many2one", "One2many", "Many2many")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]|<[^>]+>")
#: The same in every language.
NAMES = "/oauth/token|API|CSV|E\\.164|GET|HTTP|https://\\S+|ID|InBoost|PATCH|POST|PUT"


def catalogue(addon, name):
    return polib.pofile(str(ROOT / addon / "i18n" / name))


def code_texts(addon):
    """:return: set of the texts of Python, JavaScript and the till's templates"""
    return {
        found[2]
        for pattern, method, keywords in EXTRACTORS
        for found in extract_from_dir(
            str(ROOT / addon),
            method_map=[("tests/**", "ignore"), (pattern, method)],
            options_map={"**.py": {"encoding": "UTF-8"}},
            keywords=keywords,
        )
    }


def field_texts(addon):
    """:return: set of the labels, choices and explanations of fields"""
    return {
        text
        for path in (ROOT / addon).rglob("*.py")
        if "tests" not in path.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "fields"
        for text in shown(node)
    }


def shown(field):
    """:return: list of the texts of the call that makes a field"""
    labels = field.args if field.func.attr not in RELATIONS else []
    named = {word.arg: word.value for word in field.keywords}
    values = [*labels, *(named[key] for key in ("string", "help") if key in named)]
    for choices in (*field.args, named.get("selection"), named.get("selection_add")):
        if isinstance(choices, ast.List):
            values += [pair.elts[1] for pair in choices.elts if len(pair.elts) > 1]
    return [
        value.value
        for value in values
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
        # The name of a method that gives the choices.
        if not value.value.startswith("_")
    ]


def view_texts(addon):
    """:return: set of the texts of the views"""
    texts = set()
    for path in (ROOT / addon).rglob("views/**/*.xml"):
        for part in etree.parse(str(path)).iterfind(".//field[@name='arch']/*"):
            part.tail = None
            xml_translate(texts.add, etree.tostring(part, encoding="unicode"))
    return {text for text in texts if re.search(r"\w", text)}


@pytest.mark.parametrize("texts", [code_texts, field_texts, view_texts])
@pytest.mark.parametrize("addon", ADDONS)
def test_template_has_the_texts_of_the_sources(addon, texts):
    known = {entry.msgid for entry in catalogue(addon, f"{addon}.pot")}
    assert not texts(addon) - known, "export the catalogue anew"


@pytest.mark.parametrize("addon", ADDONS)
def test_template_has_no_text_that_left_the_code(addon):
    code = {
        entry.msgid
        for entry in catalogue(addon, f"{addon}.pot")
        if all(place.startswith("code:") for place, _line in entry.occurrences)
    }
    assert not code - code_texts(addon), "export the catalogue anew"


@pytest.mark.parametrize("addon", ADDONS)
def test_ukrainian_has_words_for_every_text(addon):
    ukrainian = catalogue(addon, "uk.po")
    words = {entry.msgid: entry.msgstr for entry in ukrainian}
    assert set(words) == {entry.msgid for entry in catalogue(addon, f"{addon}.pot")}
    assert not ukrainian.obsolete_entries() + ukrainian.fuzzy_entries()
    assert not [msgid for msgid in words if not words[msgid] and has_words(msgid)]


def has_words(text):
    """:return: whether anything is left to translate in a text"""
    return re.search("[a-z]", re.sub(NAMES, "", PLACEHOLDER.sub("", text)))


@pytest.mark.parametrize("addon", ADDONS)
def test_ukrainian_fills_in_the_same_values(addon):
    assert not [
        entry.msgid
        for entry in catalogue(addon, "uk.po").translated_entries()
        if placeholders(entry.msgid) != placeholders(entry.msgstr)
    ]


def placeholders(text):
    """:return: sorted list of what is filled in, and of tags"""
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("addon", ADDONS)
def test_words_that_were_mended_stay_so(addon):
    words = [entry.msgstr for entry in catalogue(addon, "uk.po")]
    assert not [text for text in words if re.search(MENDED, text)]
