"""Makes `refusals.tsv`: what citizens type to refuse, in the shares that were measured, with what it means.

`python -m tests.sms.reader.make_labelled`. It knows nothing of the reader: its keyboards, endings and sentences are its
own. Columns: text, intent, brands, scope, label.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
SEED: Final = 3338
TEXTS: Final = 1300

PLAIN: Final = str.maketrans("İIıŞşĞğÇçÖöÜü", "IIiSsGgCcOoUu")
SMALL: Final = str.maketrans("IİÇĞÖŞÜ", "ıiçğöşü")
BESIDE: Final = {
    "q": "wa",
    "w": "qes",
    "e": "wrd",
    "r": "etf",
    "t": "ryg",
    "y": "tuh",
    "u": "yij",
    "i": "uok",
    "o": "ipl",
    "p": "ol",
    "a": "qsz",
    "s": "adw",
    "d": "sfe",
    "f": "dgr",
    "g": "fht",
    "h": "gjy",
    "j": "hku",
    "k": "jli",
    "l": "kop",
    "z": "xa",
    "x": "zcs",
    "c": "xvd",
    "v": "cbf",
    "b": "vng",
    "n": "bmh",
    "m": "nj",
}
KEYPAD: Final = ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz")

# (name as in the registry or on messages, brandCode): what one brand alone is called by
ONE_WORD: Final = (
    *(("MİGROS", "600100"), ("TEKNOSA", "600101"), ("BOYNER", "600102"), ("HOPİ", "600103"), ("N11", "600104")),
    *(("KİĞILI", "600105"), ("SÜVARİ", "600106"), ("LACOSTE", "600107"), ("DERİMOD", "600108"), ("EBEBEK", "600109")),
    *(("HEPSİBURADA", "600111"), ("HBSMS", "600111"), ("LOFT", "600112"), ("LOFTSU", "600113"), ("HOTİÇ", "600114")),
    *(("KLIKSA", "600115"), ("WTS", "600116"), ("WATSONS", "600116"), ("VBRED", "600117"), ("A101", "600121")),
    *(("RETRO", "600127"), ("DURU", "600128"), ("STOPBET", "600129"), ("İPTALSİZ", "600130"), ("SMSBANK", "600131")),
    *(("ÇIKOLATA", "600133"), ("HAYIRLI", "600134"), ("ONAYLI", "600135"), ("RETİNA", "600138"), ("MAVİ", "600139")),
    *(("KOTON", "600140"), ("LCW", "600141"), ("DEFACTO", "600142"), ("GRATIS", "600143"), ("ŞOK", "600144")),
    *(("BİM", "600145"), ("PEGASUS", "600146"), ("GARANTİ", "600147"), ("PENTİ", "600152"), ("ALTINBAŞ", "600154")),
    *(
        ("İSTİKBAL", "600156"),
        ("VATAN", "600157"),
        ("MEDIAMARKT", "600158"),
        ("TRENDYOL", "600165"),
        ("KARACA", "600167"),
    ),
    *(("ARÇELİK", "600168"), ("BELLONA", "600169"), ("LOREAL", "600123"), ("ISBANK", "600148")),
)
MORE_WORDS: Final = (
    *(("HEPSİ BURADA", "600111"), ("ÇİÇEK SEPETİ", "600119"), ("KAHVE DÜNYASI", "600150"), ("SİMİT SARAYI", "600151")),
    *(("ENGLISH HOME", "600153"), ("YAPI KREDİ", "600149"), ("LC WAIKIKI", "600141"), ("RED HOUSE", "600137")),
    *(("STOP SHOP", "600126"), ("STOP & SHOP", "600126"), ("MESAJ KARGO", "600132"), ("SMS BANK", "600131")),
    *(
        ("H&M", "600122"),
        ("D&R", "600124"),
        ("L'OREAL PARIS", "600123"),
        ("GARANTİ BBVA", "600147"),
        ("ARAMA MARKET", "600162"),
    ),
    *(("BİZİM TOPTAN", "600155"), ("MADAME COCO", "600166"), ("VODAFONE RED", "600117"), ("DURUM DÖNER", "600163")),
    *(("EVET KİTAP", "600164"), ("TÜRKİYE İŞ BANKASI", "600148"), ("RENT A CAR", "600161"), ("MEDIA MARKT", "600158")),
)
# Some of a name: clear beside a refusing word.
PARTS: Final = (
    *(("PAŞABAHÇE", "600110"), ("ŞİŞECAM", "600110"), ("TURKCELL", "600118"), ("TURKCELL İLETİŞİM", "600118")),
    *(("BOYNER BÜYÜK MAĞAZACILIK", "600102"), ("WAIKIKI", "600141"), ("VODAFONE", "600117")),
)
PLAIN_SLIPS: Final = (
    "600100",
    "600101",
    "600102",
    "600105",
    "600106",
    "600107",
    "600108",
    "600109",
    "600111",
    "600142",
    "600146",
    "600147",
    "600152",
    "600154",
    "600156",
    "600158",
    "600165",
    "600167",
    "600168",
    "600169",
    "600114",
    "600115",
)
SENTENCES: Final = (
    ("{B} mesajlarını iptal edin", "MESAJ"),
    ("{B} mesajlarını durdurun lütfen", "MESAJ"),
    ("{dan} mesaj almak istemiyorum", "MESAJ"),
    ("{dan} sms almak istemiyorum lütfen beni listeden çıkarın", "MESAJ"),
    ("artık mesaj atmayın {B}", "MESAJ"),
    ("{B} bana mesaj atmasın", "MESAJ"),
    ("{B} beni aramasın", "ARAMA"),
    ("{dan} aranmak istemiyorum", "ARAMA"),
    ("lütfen {dan} gelen mesajları engelleyin", "MESAJ"),
    ("{B} listesinden çıkmak istiyorum", ""),
    ("{in} mesajlarını istemiyorum", "MESAJ"),
    ("{B} reklam mesajı istemiyorum", "MESAJ"),
    ("{B} üyeliğimi iptal edin", ""),
    ("{B} artık beni rahatsız etmesin", ""),
    ("bir daha {dan} mesaj gelmesin", "MESAJ"),
    ("{B} kampanya smslerini almak istemiyorum", "MESAJ"),
    ("{B} iptal etmek istiyorum", ""),
    ("{B} iptal lütfen", ""),
    ("lütfen {B} iptal", ""),
    ("{dan} sms istemiyorum teşekkürler", "MESAJ"),
    ("{ya} verdiğim izni iptal edin", None),
    ("{B} iznimi kaldırın", ""),
    ("{B} onayımı geri çekiyorum", ""),
    ("merhaba {B} mesajlarını almak istemiyorum", "MESAJ"),
    ("{B} hiçbir şekilde mesaj atmasın", None),
    ("stop messages from {B}", "MESAJ"),
    ("unsubscribe me from {B} please", ""),
    ("please remove me from {B} list", ""),
    ("i do not want messages from {B}", "MESAJ"),
    ("no more sms from {B}", "MESAJ"),
    ("{B} mesajlarınızı artık almak istemiyorum", "MESAJ"),
    ("{B} reklamlarını kesin", ""),
    ("sürekli mesaj atıyorsunuz {B} iptal", None),
)
ALONE: Final = (
    ("artık mesaj atmayın", "MESAJ"),
    ("beni listeden çıkarın", ""),
    ("mesaj almak istemiyorum", "MESAJ"),
    ("listeden çıkar", ""),
    ("mesaj atmayın", "MESAJ"),
    ("aramayın", "ARAMA"),
    ("beni aramayın artık", "ARAMA"),
    ("lütfen iptal edin", ""),
    ("sms istemiyorum", "MESAJ"),
    ("reklam mesajı istemiyorum", "MESAJ"),
    ("rahatsız etmeyin", ""),
    ("iptal etmek istiyorum", ""),
    ("üyelikten çık", ""),
    ("abonelikten çık", ""),
    ("beni rahatsız etmeyin lütfen", ""),
    ("istemiyorum", ""),
    ("no more messages", "MESAJ"),
    ("do not call", "ARAMA"),
    ("opt out", ""),
    ("unsubscribe", ""),
    ("STOP", ""),
    ("ÇIK", ""),
    ("ÇIKIŞ", ""),
    ("DUR", ""),
    ("HAYIR", ""),
    ("VAZGEÇ", ""),
    ("IPT", ""),
    ("smsistemiyorum", ""),
    ("LİSTE", ""),
    ("İZİN İPTAL", ""),
)


class Labelled(NamedTuple):
    text: str
    intent: str
    brands: str
    scope: str
    label: str


def main() -> None:
    rng = random.Random(SEED)
    rows = list(dict.fromkeys(_texts(rng)))
    with (HERE / "refusals.tsv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(Labelled._fields)
        writer.writerows(rows)


def _texts(rng: random.Random) -> Iterator[Labelled]:
    shapes = (
        (195, _brand),
        (94, _word("RET")),
        (86, _pair("RET", first=True)),
        (65, _word("SMSIPTAL")),
        (52, _pair("RET", first=False)),
        (47, _pair("IPTAL", first=False)),
        (37, _two_words),
        (34, _word("IPTAL")),
        (8, _word("IZINIPTAL")),
        (8, _glued),
        (7, _word("RED")),
        (7, _word("IZINSIZ")),
        (2, _pair("RED", first=True)),
        (1, _pair("RED", first=False)),
        (8, _few),
    )
    weights = [weight for weight, _ in shapes]
    for _ in range(TEXTS):
        yield rng.choices(shapes, weights)[0][1](rng)
    for _ in range(260):
        yield _slipped_brand(rng)
    for _ in range(120):
        yield _slipped_verb(rng)
    for _ in range(260):
        yield _sentence(rng)
    for _ in range(80):
        yield _several(rng)
    for _ in range(80):
        yield _typed(rng)
    for name, code in PARTS:
        yield Labelled(_written(rng, f"RET {name}"), "ret", code, "", "part")
        yield Labelled(_written(rng, f"{name} İPTAL"), "ret", code, "", "part")


def _written(rng: random.Random, text: str) -> str:
    """As people write: 58 % without a Turkish letter, in capitals, small or mixed, with stray signs."""
    if rng.random() < 0.58:
        text = text.translate(PLAIN)
        text = rng.choice(
            (text.upper(), text.translate(str.maketrans("I", "i")).lower(), text.capitalize().translate(PLAIN))
        )
    elif rng.random() < 0.5:
        text = text.translate(SMALL).lower() if rng.random() < 0.7 else text
    draw = rng.random()
    if draw < 0.06:
        text += rng.choice((".", "!", " .", "...", " 🙏", "\\n"))
    elif draw < 0.09:
        text = text.replace(" ", "  ")
    elif draw < 0.11:
        text = f'"{text}"'
    return text


def _name(rng: random.Random) -> tuple[str, str]:
    return rng.choice(MORE_WORDS if rng.random() < 0.2 else ONE_WORD)


def _brand(rng: random.Random) -> Labelled:
    name, code = rng.choice(ONE_WORD)
    return Labelled(_written(rng, name), "brand", code, "", "brand alone")


def _two_words(rng: random.Random) -> Labelled:
    name, code = rng.choice(MORE_WORDS[:-2])
    return Labelled(_written(rng, name), "brand", code, "", "two-word brand alone")


def _word(verb: str):  # type: ignore[no-untyped-def]
    return lambda rng: Labelled(_written(rng, verb), "ret", "", "", f"{verb} alone")


def _pair(verb: str, *, first: bool):  # type: ignore[no-untyped-def]
    def make(rng: random.Random) -> Labelled:
        name, code = _name(rng)
        text = f"{verb} {name}" if first else f"{name} {verb}"
        return Labelled(_written(rng, text), "ret", code, "", f"{verb} {'first' if first else 'last'}")

    return make


def _glued(rng: random.Random) -> Labelled:
    name, code = rng.choice([pair for pair in ONE_WORD if len(pair[0]) > 4])
    verb = rng.choice(("RET", "RET", "SMSIPTAL", "IPTAL"))
    text = f"{verb}{name}" if rng.random() < 0.5 else f"{name}{verb}"
    return Labelled(_written(rng, text), "ret", code, "", "glued")


def _few(rng: random.Random) -> Labelled:
    text, scope = rng.choice(ALONE)
    return Labelled(_written(rng, text), "ret", "", scope, "alone, other words")


def _slip(rng: random.Random, word: str) -> str:
    """One slip behind the first letter: a key beside it, a letter of the same phone key, a swap, one twice or not."""
    n = rng.randrange(1, len(word))
    letter = word[n].lower().translate(PLAIN)
    draw = rng.random()
    if draw < 0.35 and letter in BESIDE:
        return word[:n] + rng.choice(BESIDE[letter]) + word[n + 1 :]
    if draw < 0.45:
        same = next((keys for keys in KEYPAD if letter in keys), letter)
        other = rng.choice(same.replace(letter, "") or letter)
        return word[:n] + other + word[n + 1 :]
    if draw < 0.65 and n + 1 < len(word):
        return word[:n] + word[n + 1] + word[n] + word[n + 2 :]
    if draw < 0.82:
        return word[:n] + word[n] + word[n:]
    return word[:n] + word[n + 1 :]


def _slipped_brand(rng: random.Random) -> Labelled:
    name, code = rng.choice([pair for pair in ONE_WORD if pair[1] in PLAIN_SLIPS and len(pair[0]) > 4])
    plain = name.translate(PLAIN).lower()
    slipped = _slip(rng, plain)
    while slipped == plain:
        slipped = _slip(rng, plain)
    verb = rng.choice(("ret", "RET", "iptal", "IPTAL", "smsiptal"))
    text = f"{verb} {slipped}" if rng.random() < 0.5 else f"{slipped} {verb}"
    return Labelled(text.upper() if rng.random() < 0.4 else text, "ret", code, "", "slip in the brand")


def _slipped_verb(rng: random.Random) -> Labelled:
    name, code = rng.choice([pair for pair in ONE_WORD if len(pair[0]) > 4])
    verb = rng.choice(("ret", "ret", "iptal", "iptal", "smsiptal", "iziniptal"))
    slipped = _slip(rng, verb)
    while len(slipped) < 3 or slipped in {
        verb,
        "rest",
        "net",
        "set",
        "rat",
        "rot",
        "red",
        "rey",
        "res",
        "ref",
        "rent",
        "rec",
    }:
        slipped = _slip(rng, verb)
    plain = name.translate(PLAIN).lower()
    text = f"{slipped} {plain}" if rng.random() < 0.5 else f"{plain} {slipped}"
    return Labelled(text.upper() if rng.random() < 0.4 else text, "ret", code, "", "slip in the verb")


def _sentence(rng: random.Random) -> Labelled:
    frame, scope = rng.choice([s for s in SENTENCES if s[1] is not None])
    name, code = rng.choice(
        [
            pair
            for pair in (*ONE_WORD, *MORE_WORDS)
            if pair[0].replace(" ", "").isalpha() and pair[0] not in {"TAMAM", "WTS", "LCW", "VBRED", "HBSMS"}
        ]
    )
    small = name.translate(SMALL).lower()
    text = frame.format(B=small, **_with_endings(rng, small))
    return Labelled(_written(rng, text), "ret", code, scope or "", "sentence")


def _with_endings(rng: random.Random, name: str) -> dict[str, str]:
    vowel = next(c for c in reversed(name) if c in "aeıioöuü")
    low = "a" if vowel in "aıou" else "e"
    high = {"a": "ı", "ı": "ı", "e": "i", "i": "i", "o": "u", "u": "u", "ö": "ü", "ü": "ü"}[vowel]
    hard = "t" if name[-1] in "çfhkpsşt" else "d"
    ends_open = name[-1] in "aeıioöuü"
    mark = rng.choice(("'", "’", "", ""))
    compound = name.rsplit(maxsplit=1)[-1] in {"sepeti", "dünyası", "sarayı", "bankası"}
    from_ = f"n{'d'}{low}n" if compound else f"{hard}{low}n"
    of = f"{'n' if ends_open else ''}{high}n"
    to = f"{'n' if compound else 'y' if ends_open else ''}{low}"
    return {"dan": f"{name}{mark}{from_}", "in": f"{name}{mark}{of}", "ya": f"{name}{mark}{to}"}


def _several(rng: random.Random) -> Labelled:
    chosen = rng.sample(ONE_WORD, rng.choice((2, 2, 3)))
    chosen = list({code: (name, code) for name, code in chosen}.values())
    joint = rng.choice((" ", ", ", " ve "))
    names = joint.join(name for name, _ in chosen)
    text = rng.choice((f"RET {names}", f"{names} RET", f"{names} İPTAL"))
    return Labelled(_written(rng, text), "ret", ",".join(sorted(code for _, code in chosen)), "", "several")


def _typed(rng: random.Random) -> Labelled:
    name, code = _name(rng)
    word, scope = rng.choice(
        (
            ("ARAMA", "ARAMA"),
            ("MESAJ", "MESAJ"),
            ("SMS", "MESAJ"),
            ("E-POSTA", "EPOSTA"),
            ("EPOSTA", "EPOSTA"),
            ("HEPSİ", "ARAMA,MESAJ"),
            ("ARAMALAR", "ARAMA"),
            ("E-MAİL", "EPOSTA"),
        )
    )
    text = rng.choice((f"RET {name} {word}", f"{name} {word} RET", f"{name} {word} İPTAL", f"RET {word} {name}"))
    return Labelled(_written(rng, text), "ret", code, scope, "with a type")


if __name__ == "__main__":
    main()
