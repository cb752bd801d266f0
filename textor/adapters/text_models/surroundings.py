"""Where and when a scene plays, as far as its words tell: place, time of day, weather; in English, Persian and Arabic."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from textor.domain import folding
from textor.domain.folding import Token

Named = TypeVar("Named")

Time = Literal["dawn", "morning", "noon", "afternoon", "evening", "night"]
Kind = Literal["inside", "street", "nature", "anywhere"]


@dataclass(frozen=True, slots=True)
class Place:
    """`told` as a prompt says it."""

    told: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was not heard is None."""

    place: Place | None = None
    time: Time | None = None
    weather: str | None = None


_TIMES: Mapping[Time, str] = {
    "dawn": "dawn sunrise daybreak سپیده‌دم سحر طلوع فجر شروق",
    "morning": "morning breakfast صبح بامداد صبحانه صباح صباحا فطور",
    "noon": "noon midday lunch lunchtime ظهر ناهار ظهيرة ظهرا غداء",
    "afternoon": "afternoon بعدازظهر",
    "evening": "evening dusk sunset twilight dinner غروب شامگاه مغرب مساء عشاء",
    "night": "night midnight tonight moonlight شب نیمه‌شب امشب مهتاب ليل ليلة ليلا",
}
_PLACES: Mapping[Place, str] = {
    Place("by the sea", "nature"): "sea ocean beach coast harbour harbor port boat ferry lighthouse دریا ساحل بندر کشتی قایق "
    "بحر ميناء سفينة قارب شاطئ",
    Place("at a river", "nature"): "river lake bridge رودخانه دریاچه پل نهر بحيرة جسر",
    Place("in a forest", "nature"): "forest woods jungle جنگل درخت درختان غابة شجرة أشجار",
    Place("in the mountains", "nature"): "mountain hill valley کوه کوهستان تپه دره جبل جبال وادي",
    Place("in the desert", "nature"): "desert dune بیابان کویر صحرا صحراء",
    Place("in the countryside", "nature"): "farm village meadow garden مزرعه روستا باغ مزرعة قرية حديقة بستان",
    Place("in a city street", "street"): "street city town road traffic خیابان شهر کوچه جاده شارع مدينة طريق",
    Place("at a market", "street"): "marketplace bazaar shop بازار فروشگاه مغازه متجر دكان",
    Place("at a railway station", "street"): "trains railway قطار ایستگاه",
    Place("at an airport", "street"): "airport airplane plane فرودگاه هواپیما مطار طائرة",
    Place("in an office", "inside"): "office meeting boardroom اداره جلسه مكتب اجتماع",
    Place("at home", "inside"): "home house kitchen apartment خانه آشپزخانه اتاق بيت منزل مطبخ",
    Place("at a school", "inside"): "school classroom university pupil مدرسه کلاس دانشگاه مدرسة جامعة",
    Place("in a library", "inside"): "library bookshelf کتابخانه مكتبة",
    Place("in a hospital", "inside"): "hospital clinic nurse surgery بیمارستان درمانگاه پرستار مستشفى عيادة ممرضة",
    Place("in a workshop", "inside"): "factory workshop warehouse کارخانه کارگاه مصنع ورشة",
    Place("in a restaurant", "inside"): "restaurant cafe رستوران کافه مطعم مقهى",
    Place("in a theatre", "inside"): "concert theatre theater کنسرت تئاتر مسرح",
    Place("in a house of prayer", "inside"): "church mosque temple cathedral مسجد کلیسا كنيسة معبد",
}
_WEATHERS: Mapping[str, str] = {
    "rain": "rain rainy raining باران بارانی مطر أمطار",
    "snow": "snow snowy snowing برف برفی ثلج ثلوج",
    "fog": "fog foggy mist misty مه‌آلود ضباب",
    "storm": "storm stormy thunder طوفان عاصفة",
    "sunshine": "sunny sunshine آفتابی آفتاب مشمس",
    "winter air": "winter زمستان شتاء",
    "summer air": "summer تابستان صيف",
    "autumn air": "autumn پاییز خريف",
}
_BEFORE_GREETING, _AFTER_GREETING = frozenset({"good"}), frozenset(folding.words("بخیر به‌خیر الخير النور"))
"""«Good morning» is said at night, too."""
_AFTER = "بعد"  # «بعد از ظهر», «بعد الظهر»: what is after noon
_BEGINNINGS, _ENDINGS = ("وال", "بال", "فال", "کال", "لل", "ال", "و"), ("های", "ها", "s")
_SHORTEST = 3
"""Letters of a word without what is written on to it."""


def _listed(told: Mapping[Named, str]) -> dict[str, Named]:
    return {word: named for named, written in told.items() for word in folding.words(written)}


_TIME_OF, _PLACE_OF, _WEATHER_OF = _listed(_TIMES), _listed(_PLACES), _listed(_WEATHERS)


def heard(text: str) -> Surroundings:
    """What is named most often; of those named equally often, what is named first."""
    tokens = list(folding.tokens(text))
    places: Counter[Place] = Counter(_found(tokens, _PLACE_OF))
    weathers: Counter[str] = Counter(_found(tokens, _WEATHER_OF))
    times: Counter[Time] = Counter(_times(tokens))
    return Surroundings(_most(places), _most(times), _most(weathers))


def _most(counted: "Counter[Named]") -> Named | None:
    return counted.most_common(1)[0][0] if counted else None


def _times(tokens: Sequence[Token]) -> Iterator[Time]:
    for place, token in enumerate(tokens):
        before = {one.key for one in tokens[max(place - 2, 0) : place]}
        after = {one.key for one in tokens[place + 1 : place + 2]}
        if before & _BEFORE_GREETING or after & _AFTER_GREETING:
            continue
        for time in _found([token], _TIME_OF):
            yield "afternoon" if time == "noon" and _AFTER in before else time


def _found(tokens: Sequence[Token], listed: Mapping[str, Named]) -> Iterator[Named]:
    for token in tokens:
        known = next((form for form in _forms(token) if form in listed), None)
        if known is not None:
            yield listed[known]


def _forms(token: Token) -> Iterator[str]:
    """A word as it is written, then without what is written on to it."""
    yield token.key
    yield from token.parts[:1]
    for beginning in _BEGINNINGS:
        if token.key.startswith(beginning) and len(token.key) - len(beginning) >= _SHORTEST:
            yield token.key[len(beginning) :]
    for ending in _ENDINGS:
        if token.key.endswith(ending) and len(token.key) - len(ending) >= _SHORTEST - 1:
            yield token.key[: -len(ending)]
