"""Transcripts that nothing was tuned on, for the bench alone: whoever changes the model in their favour writes new ones."""

from tests.adapters.text_models.samples import Sample

LECTURE = Sample(
    "en",
    """
    welcome back to the course on beekeeping
    last time we spoke about the life of a queen
    today it is all about winter and how a colony survives it
    bees do not sleep through the winter
    they form a ball around the queen and shiver with their flight muscles
    in the middle of the ball it stays at twenty five degrees even if there is frost outside
    the bees take turns so nobody stays on the cold outside for long
    for this they burn honey about fifteen kilos per colony
    so a beekeeper must leave enough honey or feed sugar syrup in september
    somebody asked me about the varroa mite
    the mite is the main reason why colonies die in winter
    it sucks on the young bees and carries a virus that cripples their wings
    we treat the colonies with formic acid right after the last harvest
    and again with oxalic acid in december when there is no brood
    damp is worse than cold so the hive needs an opening at the bottom
    mice like to move in as well and a simple metal grid keeps them out
    woodpeckers can be a problem near forests
    on the first warm day in february the bees fly out to relieve themselves
    please do not hang your laundry out on that day
    next week we build a hive and bring gloves with you
    """,
    ("the mite is the main reason why colonies die",),
    (
        ("How warm is the middle of the ball?", "twenty five degrees"),
        ("How much honey does a colony need?", "fifteen kilos"),
        ("Why do colonies die?", "mite is the main reason"),
        ("What happens in December?", "oxalic acid"),
        ("How can I keep mice out of the hive?", "metal grid"),
        ("When should one feed the bees?", "sugar syrup in september"),
        ("Do bees sleep in winter?", "do not sleep"),
        ("What should we bring for the next lesson?", "gloves"),
        ("Which illness does the mite transmit?", "virus"),
        ("What do bees do with their muscles?", "shiver"),
    ),
    (),
)
INTERVIEW = Sample(
    "fa",
    """
    امروز مهمان ما خانم دکتر صادقی هستند که سال‌هاست روی زلزله کار می‌کنند.
    ممنون از دعوتتان.
    تهران روی سه گسل بزرگ قرار دارد که مهم‌ترین آن‌ها گسل شمال تهران است.
    آخرین زلزله‌ی بزرگ این گسل نزدیک به دویست سال پیش بوده است.
    هیچ‌کس نمی‌تواند روز زلزله را پیش‌بینی کند.
    آنچه می‌توانیم انجام دهیم مقاوم‌سازی ساختمان‌هاست.
    مدرسه‌ها و بیمارستان‌ها باید زودتر از همه مقاوم‌سازی شوند.
    حدود یک‌سوم مدرسه‌های شهر هنوز در برابر زلزله مقاوم نیستند.
    هزینه‌ی مقاوم‌سازی یک مدرسه تقریباً یک‌چهارم ساختن مدرسه‌ی نو است.
    سامانه‌ی هشدار سریع چند ثانیه قبل از رسیدن موج خبر می‌دهد.
    در همین چند ثانیه می‌شود گاز را قطع کرد و قطار را نگه داشت.
    هر خانواده باید یک کیف اضطراری با آب و چراغ‌قوه و دارو داشته باشد.
    هنگام لرزش به زیر میز بروید و از پنجره دور شوید.
    از آسانسور هرگز استفاده نکنید.
    خیلی ممنون از وقتی که گذاشتید.
    """,
    ("آنچه می‌توانیم انجام دهیم مقاوم‌سازی",),
    (
        ("مهمان برنامه کیست؟", "دکتر صادقی"),
        ("مهمترین گسل کدام است؟", "گسل شمال تهران"),
        ("آخرین زلزله بزرگ کی بود؟", "دویست سال پیش"),
        ("آیا زلزله را می‌توان پیشبینی کرد؟", "روز زلزله را پیش‌بینی"),
        ("چند مدرسه مقاوم نیست؟", "یک‌سوم"),
        ("مقاوم سازی مدرسه چقدر هزینه دارد؟", "یک‌چهارم"),
        ("در کیف اضطراری چه بگذاریم؟", "چراغ‌قوه"),
        ("سامانه هشدار چه کار می‌کند؟", "قبل از رسیدن موج"),
        ("وقت زلزله کجا پناه بگیریم؟", "زیر میز"),
    ),
    (),
)
REPORT = Sample(
    "ar",
    """
    أهلا بكم في حلقة جديدة عن زراعة النخيل.
    النخلة تعيش أكثر من مئة عام وتتحمل الحر والعطش.
    لكن سوسة النخيل الحمراء تهدد المزارع كلها.
    السوسة حشرة تحفر داخل الجذع ولا يراها المزارع إلا متأخرا.
    وجد الباحثون طريقة للكشف عنها بأجهزة تسمع صوت الحشرة داخل الجذع.
    ثمن الجهاز الواحد خمسون دولارا ويكفي لعشر نخلات.
    وزعت الجمعية ألف جهاز على المزارعين في الواحة.
    بعد سنة واحدة انخفضت الخسائر إلى النصف.
    يحتاج النخيل إلى الري بالتنقيط لأن المياه الجوفية تنقص.
    يوفر الري بالتنقيط أربعين بالمئة من الماء.
    يبدأ موسم الحصاد في سبتمبر ويعمل فيه طلاب المدارس أيضا.
    تصدر الواحة تمورها إلى فرنسا وماليزيا.
    نلتقي في الحلقة القادمة، إلى اللقاء.
    """,
    ("وجد الباحثون طريقة للكشف",),
    (
        ("كم تعيش النخلة؟", "مئة عام"),
        ("ما هي السوسة؟", "حشرة تحفر"),
        ("كيف يكشفون عن الحشرة؟", "تسمع صوت"),
        ("كم ثمن الجهاز؟", "خمسون دولارا"),
        ("من وزع الأجهزة؟", "الجمعية"),
        ("كم توفر طريقة التنقيط من المياه؟", "أربعين بالمئة"),
        ("متى الحصاد؟", "سبتمبر"),
        ("إلى أين تصدر التمور؟", "فرنسا وماليزيا"),
        ("ماذا حدث للخسائر؟", "إلى النصف"),
    ),
    (),
)
UNSEEN = (LECTURE, INTERVIEW, REPORT)
