"""What of a file may be shown: a heading or a code made of words that headings and codes are made of, and nothing else.

Rules: each word must be one of the listed words as a whole, so that no name slips through by being like one; what looks like
something of a person is named by what it looks like, never repeated.
"""

from __future__ import annotations

import re

from sky_model.host.intake import COLUMNS

__all__ = [
    "AMOUNT", "CODE_WORD", "FORMS", "IDENTITY", "MAIL", "OTHER_DAY", "PERSONAL", "PHONE", "PLACES",
    "apart", "is_code_like", "is_heading", "looks_like", "may_show_code", "may_show_heading", "why_hidden",
]  # fmt: skip

LONGEST_CODE = 60
LONGEST_HEADING = 40

# What a heading says, in Finnish, Swedish and English. The first that fits wins; a column is named by one of them only.
PERSONAL = (
    ("identity codes", r"hetu\b|henkil[öo]-?tunn|personbeteck|personnum|identity|social security|\bssn\b"),
    ("identity codes", r"oppijanum|\boid\b"),  # the number of a learner in the national register
    ("days of birth", r"syntym|född|fodel|födel|birth"),
    ("phone numbers", r"puhelin|\bpuh\b|phone|telefon|\btel\b|\bgsm\b|mobil"),
    ("e-mail addresses", r"s[aä]hk[oö]posti|e-?mail|e-?post\b|\bmail\b"),
    ("addresses", r"osoite|address?\b|adress|postinum|postnum|postal|zip code"),
    ("names", r"nimi\b|nimet\b|namn\b|\bname|name\b|huoltaj|vårdnadsh|guardian|parent"),
    ("names", r"opettaja|lärare|teacher|kirjaaja|merkitsij|antecknad av|entered by|recorded by|created by"),
    ("free text", r"lisätieto|huomautus|kommentti|selite|vapaa teksti|comment|note|remark|anmärkning|kommentar"),
)
PLACES = r"koulu|skola|school|oppiaine|\baine|ämne|subject|course|kurssi"  # the name of a school or a subject is nobody's name

# Words that codes and headings are made of. Each word of a text must be one of these as a whole, so that no name slips
# through by being like one (Sairanen, Hansen, Vapaavuori). A part in (…) may be left out; * stands for an ending.
CODE_WORDS = r"""
poissa poissaolo* luvaton luvattom* luvalli* lupa lupaa luvan luvalla selvit* selvittä* terveyd* terveys* sairaus sairauden
sairauspoissaolo* sairaana sairas sairastu* vapaa vapaata vapaat anottu anomus* myöhäst* myöhässä läsnä läsnäolo* matka
matkalla lomamatka* loma lomalla harjoittelu* työharjoittelu* koulu koulun koulussa koulusta koulunkäyn* tunti tunnit tuntia
tunnin tunnilta oppitun* syy syyt syystä syyn syitä syihin tet tet-jakso muu muut muusta muun etänä etäopetu* opetu* oma
omalla ilmoit* tuntematon tuntemat* merkin* merkit* hyväksyt* perustel* perustelt* huoltajan huoltaja kotona kotiin lääkäri
lääkärin lääkärissä hammaslääkäri* kesken osittai* osan osa päivä päivän päivää jälki-istunto* kilpailu* kuntoutu* tutkimu*
perhe perheen perhesyy* leirikoulu* retki retkellä uskonno* työ työelämä* tutustum* muualla myönnet* koko minuutti* alle yli
terv sair luv luvat selv myöh liittyv* liittyy luokittelem* evät* evätty selvitä lääkärikäyn* hammashoito* kuume* flunssa*
korona* influenssa* karanteeni* vatsataut* sairaala* psykolog* kuraattor* terapia* terapeut* kuntoutus* vielä tulossa peruttu
poistettu mitätöity virhe virheellinen kyllä voimassa korjattu min
ilman kanssa rehtorin opettajan luokanopettajan luokanvalvojan toiminta toimintaan pidetty odottaa varhennettu kuitattu
kuittaamaton avoin ennalta etukäteen johtuva johtuvat ja tai ei eikä on

frånvaro* frånvarande olovlig* lovlig* oanmäl* sjuk sjukdom* sjukfrånvaro* ledig ledighet* beviljad beviljat sen sent försen*
utredd outredd oförklar* förklar* anmäl* hälso* hälsa skola skolans skolan praktik* prao närvar* distans* resa semester*
läkar* tandläkar* lektion* minut* timme timmar annan annat andra orsak* giltig* ogiltig* okänd* familj* del hel av dag dagen
dagar övrig* ankomst* avvek* avvikit från skäl förhand förväg ansökt ansök* tandvård* feber* influensa* karantän* sjukhus* hos
plats håll verksamhet* väntar raderad makulerad borttagen fel ja nej kraft gäller rättad
vårdnadshavare* rektor* undervisning* i på av för utan med och eller inte ej

absen* excus* unexcus* authori* unauthori* explain* unexplain* sick sickness ill illness late lateness tardy leave present
attend* truan* health medical holiday* partial* lesson* school* suspen* exclu* other unknown religio* family appointment*
travel* trip visit* field dentist doctor remote reason* approved unapproved granted reported unreported parent guardian day
verified unverified pending arrival arrived hospital* flu fever quarantine* barred elsewhere activities error
deleted cancelled void voided removed valid active corrected days half full hour* minute*
before after close register* closed educat* off site activity sport* work experience exam* study
in of the for by with without no not and or to from at on yes non
"""
HEADING_WORDS = r"""
pvm päivä päivämäärä paivamaara alku loppu alkaa päättyy kesto klo kello aika viikonpäivä viikko vuosi lukuvuosi lukukausi
jakso oppilas oppilaan opiskelija opiskelijan tunniste tunnus tunnistenumero numero nro id oppilasnumero oppilastunnus
opiskelijanumero luokka luokka-aste luokkaaste vuosiluokka luokan luokkatunnus aste nimi sukunimi etunimi etunimet
kutsumanimi huoltaja huoltajan huoltajat puhelin puhelinnumero puh gsm matkapuhelin osoite kotiosoite katuosoite sähköposti
sähköpostiosoite postinumero postitoimipaikka syntymäaika syntymäpäivä hetu henkilötunnus oppijanumero koulu koulun oppiaine
aine aineen opettaja opettajan tunti tunnit tunteja oppitunti oppitunnit tuntimerkintä määrä maara lkm minuutit minuuttia min
merkintä merkinnän merkinta tyyppi koodi laji luokitus syy selite lisätieto lisätiedot huomautus kommentti vapaa teksti
kirjattu kirjaaja kirjauspvm tallennettu muokattu merkitsijä ryhmä kurssi tila selvitetty kuitattu poissaolo poissaolon
kesto pituus laajuus tuntinumero tuntinro oppituntinumero oppituntinro tuntipaikka paikka kertymä kertynyt yhteensä summa
poistettu mitätöity peruttu voimassa korjattu poissaolopäivä poissaolopvm tapahtumapäivä kirjauspäivä kirjausaika
tallennuspäivä tallennuspvm luontipäivä luotu muokkauspäivä alkupvm loppupvm alkamispäivä päättymispäivä rivi rivinro
rivinumero merkintätunnus tapahtumatunnus opiskelijatunnus oppituntia tunteina minuutteina kellotunnit kellotunteina
tuntimäärä viikkotunnit vko ikä
poissaololaji poissaolotunnit selvitys kunta kotikunta sukupuoli äidinkieli kieli

datum dag dagen start slut tid vecka år läsår termin period elev elevens studerande nummer nr elevnummer klass årskurs
arskurs namn förnamn efternamn vårdnadshavare telefon telefonnummer mobil adress hemadress e-post epost postnummer ort född
födelsedatum födelsedag personnummer personbeteckning skola skolans ämne lärare lärarens lektion lektioner timmar antal
minuter anteckning typ kod slag frånvarotyp frånvaro orsak anmärkning kommentar registrerad skapad ändrad av grupp kurs
status kön modersmål längd varaktighet lektionsnummer lektionsnr position pass klocktimmar sammanlagt totalt summa raderad
makulerad borttagen frånvarodag frånvarodatum registreringsdatum rad radnummer veckotimmar ålder

date day days start end time week year term period level pupil pupils student students learner number no key code class grade
form name first last middle family given surname full parent guardian contact phone telephone mobile cell tel email e-mail
mail address home street postal post zip city birth dob born birthdate identity social security ssn oid school subject course
section teacher lesson lessons hour hours amount duration minute minutes count mark marks kind type category reason status
absence absences attendance event events comment comments note notes remark remarks recorded created entered updated modified
length slot total cumulative sum deleted cancelled void voided active row record clock on by at of the group
description gender language unique local state district session

part explained is
"""


def _whole_words(listed: str) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(w).replace(r"\*", r"\w{0,12}") for w in listed.split()), re.IGNORECASE)


CODE_WORD, HEADING_WORD = _whole_words(CODE_WORDS), _whole_words(f"{HEADING_WORDS} {' '.join(COLUMNS)}")

IDENTITY = re.compile(r"(?<!\d)\d{6}[-+A-FU-Y]?\d{3}[0-9A-Z](?![0-9A-Z])|(?<!\d)1\.2\.246\.562\.\d+\.\d+", re.IGNORECASE)
MAIL = re.compile(r"\S@\S")
PHONE = re.compile(r"(?:\+\d{1,3}|\(?0\d{1,3}\)?)(?:[ -]?\d){5,11}\Z")
STREET = re.compile(
    r"\w*(katu|kuja|polku|gatan|gata|vägen|gränd|stigen)\b.*\d|\w+tie \d|\d+ \w+ (street|road|lane|avenue)\b|\b\d{5} [A-ZÅÄÖ]",
    re.IGNORECASE,
)
NAME_WORD = r"[^\W\d_a-zåäöéüøæß][^\W\d_]*(?:['’-][^\W\d_]+)*"
NAME = re.compile(rf"{NAME_WORD}(?:,? {NAME_WORD}\.?){{1,3}}\Z")
FORMS = {"iso": re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII), "d.m.yyyy": re.compile(r"\d{1,2}\.\d{1,2}\.\d{4}\Z", re.ASCII)}
OTHER_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b.*\Z|\d{8}\Z", re.ASCII)
AMOUNT = re.compile(r"\d{1,4}([.,]\d{1,2})?\Z", re.ASCII)


def apart(heading: str) -> str:
    """A heading in lower case, its words apart: `StudentId`, `student_id` and `Student id` are one."""
    return re.sub(r"[\s_.:/]+", " ", re.sub(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])", " ", heading)).strip().lower()


def is_heading(heading: str) -> bool:
    """Is it made of words that headings (or codes) are made of, and of nothing else?"""
    found = re.split(r"[^\w-]+|_+", apart(heading))
    words = [w for w in found if w and not re.fullmatch(r"\d{1,2}|-+", w)]
    is_known = all(HEADING_WORD.fullmatch(w) or CODE_WORD.fullmatch(w) for w in words)
    return bool(words) and is_known and heading.isprintable() and len(heading) <= LONGEST_HEADING


def is_code_like(code: str) -> bool:
    """May it be shown: no code at all, one or two letters, or words that codes are made of?"""
    if not code or re.fullmatch(r"[A-ZÅÄÖ]{1,2}\d{0,2}|[a-zåäö]|\d{1,2}", code):
        return True
    if len(code) > LONGEST_CODE or not code.isprintable() or sum(c.isdigit() for c in code) > 3 or "@" in code:
        return False
    words = [w.strip("-") for w in re.split(r"[^\w-]+|_+", re.sub(r"(?<=[a-zåäö])(?=[A-ZÅÄÖ])", " ", code))]
    return all(not w or len(w) == 1 or w.isdigit() or CODE_WORD.fullmatch(w) for w in words) and any(len(w) > 1 for w in words)


def looks_like(text: str) -> str:
    """What a text looks like, if it looks like something of a person."""
    if IDENTITY.search(text):
        return "identity codes"
    if MAIL.search(text):
        return "e-mail addresses"
    if PHONE.match(text) and not OTHER_DAY.match(text):
        return "phone numbers"
    if STREET.search(text):
        return "addresses"
    return "names" if NAME.match(text) and not is_code_like(text) else ""


def why_hidden(code: str, people: set[str], known: frozenset[str]) -> str:
    """Why a code is not shown; empty if it may be."""
    if code in known:
        return ""
    if len(code) > LONGEST_CODE:  # before it is looked at: a cell may hold a whole file
        return f"longer than {LONGEST_CODE} characters"
    words = re.findall(r"[^\W\d_]{2,}", code.lower())
    if words and all(w in people for w in words):
        return "it stands in a column of names too"
    if is_code_like(code):
        return ""
    what = looks_like(code)
    return f"looks like {what}" if what else "not all its words are known"


def may_show_heading(heading: str) -> bool:
    """May a heading of a file be printed? Only one made of words that headings are made of: another may be a person's name."""
    return is_heading(heading)


def may_show_code(code: str) -> bool:
    """May a code of a file be printed? Not what looks like something of a person, and not what may be."""
    return not why_hidden(code, set(), frozenset())
