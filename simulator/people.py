"""Made-up customers: as many tidy ones as wanted, and a few as odd as in real lists."""

import random
import uuid

from .clients import now

WOMEN = """Олена Оксана Наталія Ірина Тетяна Юлія Марія Анна Світлана Людмила Катерина
Вікторія Галина Надія Ольга Софія Дарина Соломія Мар'яна Леся Христина Зоряна Аліна
Яна Інна Богдана Василина Вероніка Євгенія Роксолана""".split()
MEN = """Андрій Олександр Сергій Володимир Іван Микола Дмитро Юрій Віталій Роман Тарас
Богдан Остап Максим Назар Ярослав Олег Ігор Василь Петро Степан Павло Михайло Артем
Денис Владислав Євген Ілля Лук'ян Святослав""".split()
# Those that are the same for women and men.
SURNAMES = """Шевченко Коваленко Бондаренко Ткаченко Кравченко Олійник Шевчук Коваль
Поліщук Бондар Ткачук Мельник Марченко Лисенко Руденко Савченко Петренко Клименко Гнатюк
Мороз Дяченко Павленко Гончар Романюк Левченко Панченко Харченко Бойко Кравчук Гаврилюк
Ковальчук Швець Пономаренко Василенко Кушнір Стельмах Лук'яненко Прокопенко Дем'яненко
Юрченко Приходько Радченко Науменко Яременко Костенко Зінченко Литвин Собко""".split()
CODES = "050 063 066 067 068 073 093 095 096 097 098 099 075 077".split()
SOURCES = ["Instagram", "Facebook", "TikTok", "Viber", "Google", "Порада подруги"]
PROFESSIONS = ["Косметолог", "Перукар", "Візажист", "Масажист", "Майстер манікюру"]
PER_CODE = 10_000_000


def people(number, seed=1):
    """``number`` clients with phones that differ; the same seed, the same people."""
    chance = random.Random(seed)
    moment = now()
    return [_person(chance, n, moment) for n in range(number)]


def _person(chance, n, moment):
    pick = chance.choice
    first = pick(WOMEN if chance.random() < 0.7 else MEN)
    code = CODES[n % len(CODES)]
    # A step without a common divisor visits every number once.
    local = (n // len(CODES) * 7_654_321 + 1_234_567) % PER_CODE
    client = {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "userPhoneNumber": f"38{code}{local:07}",
        "userName": first,
        "lastName": pick(SURNAMES),
        "lang": "UA" if chance.random() < 0.9 else pick(["RU", "EN"]),
        "changed": moment,
    }
    if chance.random() < 0.6:
        client["email"] = f"client{n + 1}@example.com"
    if chance.random() < 0.7:
        year, month, day = (
            pick(range(1955, 2008)),
            pick(range(1, 13)),
            pick(range(1, 29)),
        )
        client["birth"] = f"{year}-{month:02}-{day:02}"
    if chance.random() < 0.5:
        client["source"] = pick(SOURCES)
    if chance.random() < 0.4:
        client["profession"] = pick(PROFESSIONS)
    return client


#: What stands in real lists: what is odd about it, and the fields that are.
ODD = {
    "a joined emoji": {"userName": "Оксана 👩‍⚕️", "lastName": "Гнатюк"},
    "an emoji alone": {"userName": "🌸", "lastName": "🌸🌸"},
    "a flag, and a colour of skin": {"userName": "Ірина 🇺🇦", "lastName": "👍🏽"},
    "invisible characters": {"userName": "\ufeffЮлія\u200b", "lastName": "Мо\u00adроз"},
    "a right-to-left mark": {"userName": "Анна\u200f", "lastName": "\u202eМороз"},
    "an accent apart from its letter": {"userName": "Олексій".replace("й", "и\u0306")},
    "another apostrophe": {"userName": "Мар’яна", "lastName": "Коваленко"},
    "spaces around": {"userName": "  Леся \n", "lastName": "\tСобко\u00a0"},
    "everything in the first name": {"userName": "Бойко Тарас Іванович"},
    "a very long name": {"userName": "Анна-Марія " * 40},
    "a birthday at UTC midnight of Kyiv": {"birth": "1990-05-16T21:00:00Z"},
    "a birthday in winter, likewise": {"birth": "1988-01-09T22:00:00Z"},
    "a birthday with an offset": {"birth": "1990-05-17T00:00:00+03:00"},
    "a birthday nobody has": {"birth": "1900-01-01T00:00:00"},
    "the birthday of .NET": {"birth": "0001-01-01T00:00:00"},
    "a birthday to come": {"birth": "2090-05-17"},
    "a birthday as in a letter": {"birth": "17.05.1990"},
    "an e-mail that is none": {"email": "немає"},
    "the old trunk prefix": {"userPhoneNumber": "8(067)123-45-67"},
    "two phones": {"userPhoneNumber": "0671234568, 0501234567"},
    "a local phone": {"userPhoneNumber": "067 123 45 69"},
    "a newer code": {"userPhoneNumber": "077 111 22 33"},
    "a phone with plus and spaces": {"userPhoneNumber": "+38 (050) 123-45-70"},
    "a phone with 00": {"userPhoneNumber": "00380501234571"},
    "a phone with a word": {"userPhoneNumber": "380501234572 (мама)"},
    "a phone with invisible marks": {"userPhoneNumber": "\u202a+380501234573\u202c"},
    "a phone as a number": {"userPhoneNumber": 380501234574},
    "a phone as a float": {"userPhoneNumber": 380501234575.0},
    "a phone as a spreadsheet writes it": {"userPhoneNumber": "3,80501E+11"},
    "no phone": {"userPhoneNumber": None},
}


def odd_people():
    """One raw row for each oddity, with good values everywhere else."""
    moment = now()
    return [
        {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, what)),
            "userPhoneNumber": f"38063777{n:04}",
            "userName": "Олена",
            "lastName": "Гончар",
            "lang": "UA",
            "changed": moment,
            **fields,
        }
        for n, (what, fields) in enumerate(ODD.items())
    ]
