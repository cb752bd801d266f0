"""Transcripts in three languages, what a summary of each must have in it, and questions with the words that answer them."""

from collections.abc import Sequence
from dataclasses import dataclass

from textor.adapters.text_models.port import Passage

SECONDS_EACH = 4.0


@dataclass(frozen=True)
class Sample:
    """`told` is a passage a line; `must` are beginnings of sentences that a summary can't leave out; `asked` has questions, each
    with words of the sentence that answers it."""

    language: str
    told: str
    must: Sequence[str]
    asked: Sequence[tuple[str, str]]
    topics: Sequence[str]

    @property
    def passages(self) -> list[Passage]:
        return passages(*(line.strip() for line in self.told.strip().splitlines()))


def passages(*texts: str, source: str | None = None) -> list[Passage]:
    """One after the other, without pauses; their ids begin at 1."""
    return [
        Passage(number + 1, number * SECONDS_EACH, (number + 1) * SECONDS_EACH, text, source=source)
        for number, text in enumerate(texts)
    ]


ENGLISH = Sample(
    "en",
    """
    Okay, good morning everybody, can you all hear me? Yeah, great.
    So, um, let's get started, we have a lot to go through today.
    The main topic is the harbour bridge, which has been closed to lorries since the inspection in March.
    Dr. Okafor led the inspection, and she found rust in four of the twelve steel cables.
    The four rusty cables still carry the bridge, but the inspection report says they will not carry lorries for another
    winter.
    Did anybody bring coffee? No? Never mind.
    We looked at two ways to repair the bridge.
    The first is to replace only the four rusty cables, which costs 2.5 million euros and takes seven months.
    The second is a new bridge deck with new cables, which costs about nine million and would close the bridge for two years.
    Mr. Lindqvist from the port said that a closed bridge costs the port forty lorry loads a day.
    I mean, he was pretty upset about it, you know.
    The ferry could take some of the lorries, but the ferry does not run at night.
    Someone parked in front of the gate again, by the way, please move your car.
    So after a long discussion we decided to replace the four rusty cables of the bridge before the winter.
    The contract for the cables goes to Halden Steel, because they can deliver in August.
    Ingrid will write to the insurance company, and she needs the photographs of the cables by Friday.
    We also agreed that the bridge gets sensors that measure how the cables stretch.
    The sensors send their readings every ten minutes to the control room in the lighthouse.
    Um, what was the other thing? Right, the schools.
    The school buses may cross the bridge from the first of June, since they weigh less than lorries.
    Parents were told by letter last week.
    Okay, I think that is all, thank you for coming.
    """,
    (
        "So after a long discussion we decided to replace the four rusty cables",
        "The main topic is the harbour bridge",
    ),
    (
        ("Who led the inspection?", "Dr. Okafor"),
        ("How much does replacing the cables cost?", "2.5 million euros"),
        ("How much would a new deck cost?", "about nine million"),
        ("Which company delivers the steel?", "Halden Steel"),
        ("Why can't the ferries help?", "does not run at night"),
        ("What did the man from the port say?", "forty lorry loads a day"),
        ("How often do sensors report?", "every ten minutes"),
        ("When can school buses cross?", "first of June"),
        ("What does Ingrid need for the insurance?", "photographs"),
        ("How were the parents informed?", "by letter last week"),
    ),
    ("cables", "bridge"),
)
PERSIAN = Sample(
    "fa",
    """
    سلام به همه، خیلی ممنون که آمدید، صدای من می‌رسد؟
    خب، امروز می‌خواهیم درباره‌ی کتابخانه‌ی محله صحبت کنیم.
    ساختمان کتابخانه شصت سال دارد و سقف سالن مطالعه از زمستان گذشته چکه می‌کند.
    مهندس رستمی هفته‌ی پیش سقف را بازدید کرد و گفت که تیرهای چوبی پوسیده‌اند.
    به نظر او سالن مطالعه تا تعمیر سقف باید بسته بماند.
    کسی چای می‌خواهد؟ بفرمایید.
    برای تعمیر سقف کتابخانه دو پیشنهاد داریم؛ اولی تعویض کامل تیرهای چوبی با تیر فولادی است.
    این کار هشتصد میلیون تومان هزینه دارد و چهار ماه طول می‌کشد.
    پیشنهاد دوم مرمت تیرهاست که ارزان‌تر است ولی فقط پنج سال دوام می‌آورد.
    خانم کاظمی گفت کتاب‌های خطی را نباید در ساختمان مرطوب نگه داشت.
    راستی یک نفر ماشینش را جلوی در گذاشته است، لطفاً جابه‌جا کنید.
    بعد از بحث تصمیم گرفتیم که تیرهای چوبی سقف کتابخانه با تیر فولادی تعویض شوند.
    کتاب‌های خطی در این مدت به موزه‌ی شهر منتقل می‌شوند.
    شهرداری نیمی از هزینه‌ی تعمیر سقف را می‌پردازد و بقیه را خیّران می‌دهند.
    نرگس تا پنجشنبه با پیمانکار قرارداد را امضا می‌کند.
    کودکان می‌توانند در این مدت از اتوبوس سیار کتاب امانت بگیرند.
    اتوبوس سیار روزهای شنبه و سه‌شنبه جلوی مدرسه می‌ایستد.
    خب، فکر کنم تمام شد، خسته نباشید.
    """,
    ("بعد از بحث تصمیم گرفتیم که تیرهای چوبی سقف کتابخانه",),
    (
        ("چه کسی سقف را بازدید کرد؟", "مهندس رستمی"),
        ("هزينه‌ي تيرهاي فولادي چقدر است؟", "هشتصد میلیون تومان"),
        ("کتابهای خطی کجا منتقل می‌شوند؟", "موزه‌ی شهر"),
        ("شهرداری چقدر می‌پردازد؟", "نیمی از هزینه"),
        ("قرارداد را چه کسی امضا می‌کند؟", "نرگس"),
        ("اتوبوس چه روزهایی می‌آید؟", "شنبه و سه‌شنبه"),
        ("مرمت چند سال دوام دارد؟", "پنج سال دوام"),
        ("ساختمان چند ساله است؟", "شصت سال"),
        ("بچه‌ها و کودکان چگونه کتاب می‌گیرند؟", "اتوبوس سیار کتاب امانت"),
    ),
    ("تیرهای چوبی", "سقف"),
)
ARABIC = Sample(
    "ar",
    """
    صباح الخير جميعا، هل تسمعونني؟ طيب، شكرا لكم.
    سنتحدث اليوم عن مشروع المستشفى الجديد في المدينة القديمة.
    يحتاج المستشفى إلى محطة كهرباء صغيرة لأن الشبكة القديمة تنقطع كل أسبوع.
    زارت المهندسة ليلى المستشفى وقالت إن المولدات الحالية لا تكفي غرف العمليات.
    المولدات الحالية تعمل بالديزل وعمرها عشرون سنة؛ وقطع الغيار لم تعد متوفرة في السوق.
    هل يريد أحد قهوة؟ تفضلوا.
    عندنا عرضان لكهرباء المستشفى، الأول ألواح شمسية مع بطاريات.
    تكلفة الألواح الشمسية ثلاثة ملايين دينار ويستغرق التركيب ستة أشهر.
    العرض الثاني مولدات جديدة، وهي أرخص لكنها تحتاج إلى وقود كثير كل شهر.
    قال الدكتور سامي إن انقطاع الكهرباء أوقف عمليتين جراحيتين في الشهر الماضي.
    يا جماعة، هناك سيارة أمام الباب، من فضلكم حركوها.
    وبعد النقاش قررنا تركيب ألواح شمسية مع بطاريات لكهرباء المستشفى.
    تبقى المولدات القديمة احتياطا لغرف العمليات فقط.
    ستدفع وزارة الصحة ثلثي تكلفة الألواح الشمسية ويدفع البنك الباقي.
    سيوقع يوسف العقد مع الشركة يوم الأربعاء.
    تدرب الشركة أربعة فنيين من المستشفى على صيانة البطاريات.
    انتهينا، شكرا لحضوركم ومع السلامة.
    """,
    ("وبعد النقاش قررنا تركيب ألواح شمسية",),
    (
        ("من زار المستشفى؟", "المهندسة ليلى"),
        ("كم تكلفة الألواح الشمسية؟", "ثلاثة ملايين دينار"),
        ("كم عمر المولدات؟", "عشرون سنة"),
        ("من سيوقع العقد؟", "يوسف"),
        ("ماذا ستدفع الوزارة؟", "ثلثي تكلفة"),
        ("كم عدد الفنيين الذين تدربهم الشركة؟", "أربعة فنيين"),
        ("ماذا أوقف انقطاع الكهرباء؟", "عمليتين جراحيتين"),
        ("لماذا لا توجد قطع غيار؟", "لم تعد متوفرة"),
        ("لماذا العرض الثاني ليس جيدا؟", "وقود كثير"),
    ),
    ("شمسية", "المولدات"),
)
SAMPLES = {sample.language: sample for sample in (ENGLISH, PERSIAN, ARABIC)}


def source(said: Sequence[Passage]) -> str:
    """All that was said, with single spaces."""
    return " ".join(" ".join(passage.text for passage in said).split())
