"""Single values in the forms that the recognisers promise, and words that must stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgenius.curation import deidentify
from medgenius.curation.deidentification import checksums
from medgenius.curation.deidentification.engine import Caution
from tests.curation.deidentification.labelled import read

FOUND = [
    ("PHONE", "+1 212 555 0143"), ("PHONE", "(212) 555-0143"), ("PHONE", "212.555.0143"), ("PHONE", "07911 123456"),
    ("PHONE", "020 7946 0991"), ("PHONE", "+44 (0)20 7946 0991"), ("PHONE", "+49 89 1234567"), ("PHONE",
    "0033 1 42 68 53 00"),
    ("PHONE", "06 12 34 56 78"), ("PHONE", "612 34 56 78"), ("PHONE", "98765 43210"), ("PHONE", "+86 138 0013 8000"),
    ("EMAIL", "a.b+c@mail.example.co.uk"), ("EMAIL", "jane (at) example (dot) com"),
    ("IP_ADDRESS", "203.0.114.7"), ("IP_ADDRESS", "2001:db8:0:1:1:1:1:1"),
    ("NATIONAL_ID", "219-40-8837"), ("NATIONAL_ID", "943 476 5919"), ("NATIONAL_ID", "12345678Z"),
    ("NATIONAL_ID", "RSSMRA85T10A562S"), ("NATIONAL_ID", "529.982.247-25"), ("NATIONAL_ID", "11010519491231002X"),
    ("IBAN", "GB82 WEST 1234 5698 7654 32"), ("CREDIT_CARD", "4111 1111 1111 1111"), ("CREDIT_CARD", "378282246310005"),
    ("URL", "https://clinic.example.com/patients?id=4471"), ("ADDRESS", "SW1A 1AA"), ("ADDRESS", "K1A 0B1"),
    ("ADDRESS", "221B Baker Street"), ("ADDRESS", "1600 Pennsylvania Avenue NW"), ("ADDRESS", "Hauptstraße 12a"),
    ("ADDRESS", "Calle Mayor 5"), ("ADDRESS", "15 rue Lecourbe"), ("ADDRESS", "Via Roma 10"), ("ADDRESS",
    "P.O. Box 442"),
]  # fmt: skip
STAY = [
    "Parkinson's", "Crohn's disease", "Foley catheter", "Bell's palsy", "Apgar score 9", "500 mg 3-4 times a day",
    "120/80",
    "in 2015", "L4-L5", "vitamin B12", "COVID-19", "See your Dr soon.", "HbA1c 7.2", "Wegovy and Humira",
    "from 2015-2019",
    "10 000 000 cells", "a 45-year-old", "Call 911.", "1-800-273-8255", "www.nih.gov", "Doctor: Hello. Patient: Hi.",
    "The Mayo Clinic recommends fibre.", "May I ask?", "95 % of patients", "She was born in 1985.", "aged 65 to 95 mg",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), FOUND)
def test_values_are_found_by_their_form(kind: str, value: str) -> None:
    result = deidentify(f"Please note {value} for later.")

    assert result.text == f"Please note [{kind}] for later."


SENTENCES = [
    ("my name is john smith and i have a cough", "my name is [PERSON] and i have a cough"),
    ("my name is david brown", "my name is [PERSON]"),
    ("name: maria long, here for her knee", "name: [PERSON], here for her knee"),
    ("my name is emma just call me", "my name is [PERSON] just call me"),
    ("JOHN SMITH presented with pain.", "[PERSON] presented with pain."),
    ("Patient JOHN SMITH presented.", "Patient [PERSON] presented."),
    ("I am 92.", "I am [AGE]."),
    ("I am 89.", "I am 89."),
    ("My grandmother is 94 and frail.", "My grandmother is [AGE] and frail."),
    ("My father, 91, fell.", "My father, [AGE], fell."),
    ("92F with a fall.", "[AGE]F with a fall."),
    ("A 93 M with heart failure.", "A [AGE] M with heart failure."),
    ("92 yrs female", "[AGE] yrs female"),
    ("The fever was 101F with rigors.", "The fever was 101F with rigors."),
    ("I live in portland, or 97209", "I live in [ADDRESS]"),
    ("Now at 1016 EA Amsterdam, alone.", "Now at [ADDRESS], alone."),
    ("Her house: 14 Cedar Point, Tulsa, OK 74105; no lift.", "Her house: [ADDRESS]; no lift."),
    ("She lives at 14 Cedar Point, alone.", "She lives at [ADDRESS], alone."),
    ("Meet me at the corner of Main and 5th.", "Meet me at [ADDRESS]."),
    ("My address is 12 Oak Lodge and I cough since 3 weeks.", "My address is [ADDRESS] and I cough since 3 weeks."),
    ("Hospital no. T884213 is hers.", "Hospital no. [MEDICAL_RECORD_NUMBER] is hers."),
    ("My cell: 612 345 678.", "My cell: [PHONE]."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_sentences(text: str, expected: str) -> None:
    assert deidentify(text).text == expected


@pytest.mark.parametrize("caution", ["balanced", "high"])
@pytest.mark.parametrize("number", ["1-800-273-8255", "1-800-222-1222", "741741", "116 123", "13 11 14", "0800 1111"])
def test_a_helpline_stays_whatever_the_caution(number: str, caution: Caution) -> None:
    text = f"Call {number} at any time."

    assert deidentify(text, caution=caution).text == text


@pytest.mark.parametrize(
    "text", [s.text for s in read() if s.form.startswith("no person: ") and ("address" in s.form or "public" in s.form)]
)
def test_amounts_readings_and_public_numbers_stay(text: str) -> None:
    assert deidentify(text).text == text


@pytest.mark.parametrize("text", STAY)
def test_medical_words_and_plain_numbers_stay(text: str) -> None:
    assert deidentify(text).text == text


@pytest.mark.parametrize(
    "text",
    ["{}'s blood pressure is high.", "{}'s heart disease is stable.", "I removed {}'s cyst.", "Then {}'s tumour grew."],
)
def test_what_a_person_has_makes_no_eponym_of_the_name(text: str) -> None:
    assert deidentify(text.format("Maria")).text == text.format("[PERSON]")


def test_a_number_that_fails_its_check_is_no_card() -> None:
    assert "CREDIT_CARD" not in {span.kind for span in deidentify("The lot was 4111 1111 1111 1112 then.").spans}


@pytest.mark.parametrize(
    ("check", "valid"),
    [
        (checksums.luhn, "79927398713"), (checksums.iban, "DE89370400440532013000"), (checksums.nhs, "9434765919"),
        (checksums.nhs, "4010232137"), (checksums.dni, "00000000T"), (checksums.dni, "X1234567L"),
        (checksums.codice_fiscale, "RSSMRA85T10A562S"), (checksums.nir, "269054958815780"),
        (checksums.verhoeff, "2363"),
        (checksums.pesel, "44051401359"), (checksums.cpf, "52998224725"), (checksums.steuer_id, "86095742719"),
        (checksums.chinese_id, "11010519491231002X"), (checksums.bsn, "111222333"),
        (checksums.turkish_id, "10000000146"),
    ],
)  # fmt: skip
def test_check_digits_accept_published_examples_and_no_neighbour(check: object, valid: str) -> None:
    assert callable(check)
    assert checksums.passes(check, valid)
    last = valid[-1]
    others = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if last.isalpha() and last != "X" else "0123456789"
    assert not any(checksums.passes(check, valid[:-1] + other) for other in others if other != last)


@given(st.text(max_size=24))
def test_a_check_never_raises(text: str) -> None:
    for check in (checksums.nhs, checksums.dni, checksums.codice_fiscale, checksums.nir, checksums.chinese_id):
        assert checksums.passes(check, text) in {True, False}


def test_more_caution_takes_dates_and_public_sites() -> None:
    text = "Operated on 12 March 2019, see www.nih.gov."

    assert deidentify(text).text == text
    assert deidentify(text, caution="high").text == "Operated on [DATE], see [URL]."


@pytest.mark.parametrize(
    "piece", ["Ab-", "www.", "ab:", "12 ", "St Mary ", "a at b dot ", "Aa 1 ", "name: ", "1-", "A"]
)
def test_no_text_takes_more_than_its_share_of_time(piece: str) -> None:
    begin = time.process_time()

    deidentify(piece * (20_000 // len(piece)), caution="high")

    assert time.process_time() - begin < 5  # seconds; a quarter of one is usual, a pattern that explodes takes hours


def test_the_package_stays_light_until_the_first_call() -> None:
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    code = "import sys, medgenius.curation; print(any('deidentification' in name for name in sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True)

    assert answer.stdout.strip() == "False"
