"""Words that say nothing about what a transcript is about, in English, Persian and Arabic, as folding writes them."""

from textor.domain import folding

_ENGLISH = """
gotten happens everybody morning welcome bye a about above actually after again against ago all almost along already also
although always am among an and another any anybody anyone anything anyway are aren around as ask asked at away back
basically be became because become been before behind being below between both but by came can cannot cause come comes
coming could couldn did didn do does doesn doing don done down during each either else enough even ever every everyone
everything exactly few first for from gave get gets getting give given go goes going gone good got great guess guys had hadn
happen happened has hasn have haven having he hello hence her here hers herself hey hi him himself his how however i if in
indeed instead into is isn it its itself just keep kept kind know known last later least less let like likely ll little look
looking lot lots made make makes making many may maybe me mean means might mine more most much must my myself near need
never new next no nobody none nor not nothing now of off often oh ok okay on once one ones only onto or other others our
ours ourselves out over own per perhaps please pretty put quite rather re really right said same saw say saying says see
seem seems seen several shall she should shouldn since so some somebody someone something sometimes soon sort still stuff
such sure take taken tell than thank thanks that the their theirs them themselves then there therefore these they thing
things think this those though thought through thus to today together told too took toward towards try trying two under
until up upon us use used using usually ve very via want wanted wants was wasn way we well went were weren what whatever
when where whether which while who whole whom whose why will with within without won would wouldn yeah yes yet you your
yours yourself uh um hmm mm mhm erm ah gonna wanna gotta kinda sorta alright
"""
_PERSIAN = """
چیست کیست چیه کیه کجاست
فکر نباشید خسته تمام و در به از که این را با است برای آن یک خود تا کرد بر هم نیز شد شده می نمی ما من تو او شما آنها اینها
ایشان آنان وی همه هر هیچ چه چی چرا چگونه چطور کی کجا کدام چند چقدر آیا اگر اما ولی لیکن بلکه یا نه بله آره خب خوب پس چون
زیرا وقتی هنگامی زمانی حتی فقط تنها مگر جز بدون بین میان روی زیر بالا پایین پیش بعد قبل اکنون حالا الان هنوز دیگر دیگه باز
دوباره همیشه هرگز گاهی شاید باید نباید بایست توان توانم تواند توانند توانیم بتوانیم بتواند بتوانند خواهد خواهند خواهیم خواهم
خواستم خواست خواهید باشد باشند باشیم باشم باشید بود بودند بودیم بودم بودید بوده نبود هست هستند هستیم هستم هستید نیست نیستند
نیستیم اند ام ای ایم اید شود شوند شویم شوم نشود نشد شدند شدن شدیم کردند کردیم کردم کردید کرده کردن کند کنند کنیم کنم کنید کن
نکرد نکند نکنید بکند بکنیم بکنید نکنیم دارد دارند داریم دارم دارید داشت داشتند داشتیم داشته داشتن ندارد ندارند نداریم نداشت
گفت گفتند گفتیم گفتم گفته گوید گویند بگویم بگوید گفتن داد دادند دادیم داده دادن دهد دهند دهیم دهم بدهد بدهیم بدهند گرفت
گرفتند گرفتیم گرفته گیرد گیرند گیریم بگیریم رفت رفتند رفتیم رفته رود روند رویم برویم برود آمد آمدند آمده آید آیند آییم بیاید
آورد آوردند آورده کنون همین همان همچنین همچنان چنین چنان آنجا اینجا اینکه آنکه بنابراین یعنی مثلا مثل مانند طور طوری نوع جور
بسیار خیلی زیاد کم کمی بیشتر کمتر چیز چیزی چیزها کسی کسانی کس یکی دو دوم اول نخست آخر بعضی برخی کل همگی هریک سپس ابتدا
درباره مورد نسبت طبق توسط جهت ضمن طی حدود تقریبا واقعا حتما البته لطفا سلام ممنون مرسی تشکر متشکرم عزیز دوستان ها های هایی
هایم هایت هایش هایمان هایتان هایشان تر ترین مان تان شان اش ات رو واسه اینا اونا اون همون توی بشه میشه نمیشه کنه میکنه داره
شه هستش دیگری دیگران سر سوی نزد عین غیر وگرنه یک‌سری است‌ که‌ امروز بگذارید ببینید دانید دانم دانیم بدانید دانند نظر باعث
اینجوری اونجا بابت
"""
_ARABIC = """
توجد يوجد في من إلى على عن مع هذا هذه ذلك تلك هؤلاء أولئك الذي التي الذين اللذان اللتان اللواتي ما ماذا لماذا متى أين كيف كم
أي أية هل هو هي هم هن نحن أنا أنت أنتم أنتن هما إياه أن إن أنه إنه أنها إنها أنهم إنهم أننا إننا لأن لأنه لأنها لأننا لكن
لكنه لكنها كان كانت كانوا كنا كنت يكون تكون يكونوا نكون سيكون ستكون ليس ليست لسنا ليسوا قد لقد لا لم لن لو لولا إذا إذ حتى
ثم أو أم و ف ب ل ك بل كما كي لكي كل كلا بعض جميع غير سوى عند عندما عندنا حين بين بعد قبل فوق تحت خلال حول ضد نحو منذ أمام
خلف وراء دون بدون فقط أيضا جدا هنا هناك الآن اليوم أمس غدا به بها بهم بنا فيه فيها فيهم منه منها منهم منا إليه إليها إليهم
إلينا عليه عليها عليهم علينا عنه عنها له لها لهم لنا لي لك لكم معه معها معنا معهم قال قالت قالوا يقول تقول نقول قلت يعني مثل
مثلا نعم طيب حسنا سوف يمكن يمكننا ممكن يجب ينبغي أكثر أقل كثير كثيرا قليل قليلا شيء شيئا أشياء أحد واحد واحدة أول آخر أخرى
نفس نفسه نفسها ذات كذلك هكذا لدى لدينا لديه لديها لديهم وهو وهي وهم وهذا وهذه وذلك وتلك وفي ومن وعلى وإلى وعن ومع وأن وإن
ولا ولم ولن وما وقد وكان وكانت ولكن وهل وكل وأنا ونحن فإن فهو فهي مما ممن عما بما لما فيما بينما حيث إما أما تم يتم تتم جعل
صار أصبح أصبحت ظل زال تزال مرحبا أهلا شكرا السلام عليكم سنة إلا إنما بسبب رغم أجل طبعا يا أيها سنقوم نقوم يقوم قام قامت أريد
نريد تريدون سأ وإذا
"""

ENGLISH, PERSIAN, ARABIC = (
    frozenset(word for written in listed.split() for word in (*folding.words(written), *folding.parts(written)))
    for listed in (_ENGLISH, _PERSIAN, _ARABIC)
)
ALL = ENGLISH | PERSIAN | ARABIC
"""People mix languages: an English word in a Persian meeting is as empty as in an English one."""

CUES = frozenset(
    folding.words(
        "decide decided decision agree agreed agreement important importantly conclusion conclude therefore result "
        "results goal deadline must recommend recommended propose proposed summary finally key main problem risk because "
        "plan approved تصمیم گرفتیم مهم مهمترین نتیجه هدف مهلت موافقت پیشنهاد مشکل خلاصه بنابراین اصلی ضروری لازم قرار "
        "برنامه تصویب قررنا القرار اتفقنا الاتفاق المهم الأهم نتيجة النتيجة الهدف الموعد نقترح المشكلة الخلاصة لذلك يجب "
        "الخطة"
    )
)
"""Who says these is often about to say what the rest was for."""

OVERVIEW = frozenset(
    folding.words(
        "summary summarize summarise overview topic topics subject main point points key gist brief talk talking discuss "
        "discussed recording transcript meeting conversation audio video call خلاصه موضوع موضوعات اصلی مهم نکات نکته جلسه "
        "گفتگو صحبت بحث متن ویدیو فایل صوتی درباره ملخص لخص لخصي الموضوع أهم النقاط الرئيسية الاجتماع التسجيل الحديث "
        "المحادثة تحدث تحدثوا يتحدث"
    )
)
"""A question made of these alone asks what it is all about."""
