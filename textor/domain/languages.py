"""The languages people can choose for a recording: ISO 639-1 codes (and three without one that engines know), with names."""

from collections.abc import Sequence
from dataclasses import dataclass

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Language:
    """A language as it is offered: `native` is what its speakers call it."""

    code: str
    english: str
    native: str

    @property
    def direction(self) -> str:
        return direction(self.code)


LANGUAGES: Sequence[Language] = (
    Language("af", "Afrikaans", "Afrikaans"),
    Language("am", "Amharic", "አማርኛ"),
    Language("ar", "Arabic", "العربية"),
    Language("as", "Assamese", "অসমীয়া"),
    Language("az", "Azerbaijani", "Azərbaycan"),
    Language("ba", "Bashkir", "Башҡортса"),
    Language("be", "Belarusian", "Беларуская"),
    Language("bg", "Bulgarian", "Български"),
    Language("bn", "Bengali", "বাংলা"),
    Language("bo", "Tibetan", "བོད་སྐད་"),
    Language("br", "Breton", "Brezhoneg"),
    Language("bs", "Bosnian", "Bosanski"),
    Language("ca", "Catalan", "Català"),
    Language("cs", "Czech", "Čeština"),
    Language("cy", "Welsh", "Cymraeg"),
    Language("da", "Danish", "Dansk"),
    Language("de", "German", "Deutsch"),
    Language("el", "Greek", "Ελληνικά"),
    Language("en", "English", "English"),
    Language("es", "Spanish", "Español"),
    Language("et", "Estonian", "Eesti"),
    Language("eu", "Basque", "Euskara"),
    Language("fa", "Persian", "فارسی"),
    Language("fi", "Finnish", "Suomi"),
    Language("fo", "Faroese", "Føroyskt"),
    Language("fr", "French", "Français"),
    Language("gl", "Galician", "Galego"),
    Language("gu", "Gujarati", "ગુજરાતી"),
    Language("ha", "Hausa", "Hausa"),
    Language("haw", "Hawaiian", "ʻŌlelo Hawaiʻi"),
    Language("he", "Hebrew", "עברית"),
    Language("hi", "Hindi", "हिन्दी"),
    Language("hr", "Croatian", "Hrvatski"),
    Language("ht", "Haitian Creole", "Kreyòl ayisyen"),
    Language("hu", "Hungarian", "Magyar"),
    Language("hy", "Armenian", "Հայերեն"),
    Language("id", "Indonesian", "Indonesia"),
    Language("is", "Icelandic", "Íslenska"),
    Language("it", "Italian", "Italiano"),
    Language("ja", "Japanese", "日本語"),
    Language("jv", "Javanese", "Basa Jawa"),
    Language("ka", "Georgian", "ქართული"),
    Language("kk", "Kazakh", "Қазақ тілі"),
    Language("km", "Khmer", "ខ្មែរ"),
    Language("kn", "Kannada", "ಕನ್ನಡ"),
    Language("ko", "Korean", "한국어"),
    Language("ku", "Kurdish", "Kurdî"),
    Language("la", "Latin", "Latina"),
    Language("lb", "Luxembourgish", "Lëtzebuergesch"),
    Language("ln", "Lingala", "Lingála"),
    Language("lo", "Lao", "ລາວ"),
    Language("lt", "Lithuanian", "Lietuvių"),
    Language("lv", "Latvian", "Latviešu"),
    Language("mg", "Malagasy", "Malagasy"),
    Language("mi", "Māori", "Māori"),
    Language("mk", "Macedonian", "Македонски"),
    Language("ml", "Malayalam", "മലയാളം"),
    Language("mn", "Mongolian", "Монгол"),
    Language("mr", "Marathi", "मराठी"),
    Language("ms", "Malay", "Melayu"),
    Language("mt", "Maltese", "Malti"),
    Language("my", "Burmese", "မြန်မာ"),
    Language("ne", "Nepali", "नेपाली"),
    Language("nl", "Dutch", "Nederlands"),
    Language("nn", "Norwegian Nynorsk", "Norsk nynorsk"),
    Language("no", "Norwegian", "Norsk"),
    Language("oc", "Occitan", "Occitan"),
    Language("pa", "Punjabi", "ਪੰਜਾਬੀ"),
    Language("pl", "Polish", "Polski"),
    Language("ps", "Pashto", "پښتو"),
    Language("pt", "Portuguese", "Português"),
    Language("ro", "Romanian", "Română"),
    Language("ru", "Russian", "Русский"),
    Language("sa", "Sanskrit", "संस्कृतम्"),
    Language("sd", "Sindhi", "سنڌي"),
    Language("si", "Sinhala", "සිංහල"),
    Language("sk", "Slovak", "Slovenčina"),
    Language("sl", "Slovenian", "Slovenščina"),
    Language("sn", "Shona", "chiShona"),
    Language("so", "Somali", "Soomaali"),
    Language("sq", "Albanian", "Shqip"),
    Language("sr", "Serbian", "Српски"),
    Language("su", "Sundanese", "Basa Sunda"),
    Language("sv", "Swedish", "Svenska"),
    Language("sw", "Swahili", "Kiswahili"),
    Language("ta", "Tamil", "தமிழ்"),
    Language("te", "Telugu", "తెలుగు"),
    Language("tg", "Tajik", "Тоҷикӣ"),
    Language("th", "Thai", "ไทย"),
    Language("tk", "Turkmen", "Türkmen dili"),
    Language("tl", "Tagalog", "Tagalog"),
    Language("tr", "Turkish", "Türkçe"),
    Language("tt", "Tatar", "Татар"),
    Language("uk", "Ukrainian", "Українська"),
    Language("ur", "Urdu", "اردو"),
    Language("uz", "Uzbek", "O‘zbek"),
    Language("vi", "Vietnamese", "Tiếng Việt"),
    Language("yi", "Yiddish", "ייִדיש"),
    Language("yo", "Yoruba", "Èdè Yorùbá"),
    Language("yue", "Cantonese", "粵語"),
    Language("zh", "Chinese", "中文"),
    Language("zu", "Zulu", "isiZulu"),
    Language("en_us", "English (US)", "English (US)"),
    Language("en_uk", "English (UK)", "English (UK)"),
    Language("en_au", "English (Australia)", "English (Australia)"),
    Language("zh_tw", "Chinese (Taiwan)", "中文（台灣）"),
)

_BY_CODE = {language.code: language for language in LANGUAGES}


def by_code(code: str) -> Language | None:
    """The language of a code in any of its spellings (`en-US`, `EN_us`); None where Textor doesn't know it."""
    return _BY_CODE.get(code.strip().lower().replace("-", "_"))


def base(code: str) -> str:
    """The ISO 639 part of a code: `en_us` is English to an engine that knows no countries."""
    return code.strip().lower().replace("-", "_").split("_")[0]


def direction(code: str | None) -> str:
    """How the language is written: "ltr" or "rtl"."""
    return "rtl" if code and base(code) in _RIGHT_TO_LEFT else "ltr"
