"""Encodings from before Unicode: tables of many languages, large and small, and damaged ones."""

import pytest

from core.data.charset import decode

TEXTS = {
    "Russian": "Мне совсем не понравилась эта гостиница.|Отличный ужин и хорошая музыка.|"
               "Телефон сломался через неделю.|Доставили быстро, всё целое, спасибо!",
    "Ukrainian": "Цей готель нам зовсім не сподобався.|Чудова вечеря та гарна музика.|"
                 "Телефон зламався через тиждень.|Привезли швидко, її голос чути всюди!",
    "Bulgarian": "Хотелът изобщо не ни хареса.|Чудесна вечеря и хубава музика.|"
                 "Телефонът се развали за седмица.|Доставиха го бързо, благодаря!",
    "Polish": "Hotel zupełnie nam się nie podobał.|Świetna kolacja i miła obsługa.|"
              "Telefon zepsuł się po tygodniu.|Książka jest nudna, odłożyłem ją.",
    "Czech": "Hotel se nám vůbec nelíbil.|Skvělá večeře a milí číšníci.|"
             "Telefon se po týdnu rozbil.|Velmi pohodlné křeslo, sedím v něm celý den.",
    "Hungarian": "A szálloda egyáltalán nem tetszett.|Remek vacsora, kedves pincérek.|"
                 "A telefon egy hét után elromlott.|Gyorsan jött, őszintén köszönöm!",
    "Greek": "Το ξενοδοχείο δεν μας άρεσε καθόλου.|Υπέροχο δείπνο και καλή μουσική.|"
             "Το τηλέφωνο χάλασε μετά από μία εβδομάδα.|Ήρθε γρήγορα, ευχαριστώ!",
    "Turkish": "Oteli hiç beğenmedik, oda soğuktu.|Güler yüzlü garsonlar ve güzel müzik.|"
               "Telefon bir hafta sonra bozuldu, yazık.|Hızlı geldi, satıcıya teşekkürler!",
    "Hebrew": "המלון לא מצא חן בעינינו בכלל.|ארוחת ערב נהדרת ומוזיקה טובה.|"
              "הטלפון התקלקל אחרי שבוע.|הגיע מהר, תודה למוכר!",
    "Arabic": "لم يعجبنا الفندق إطلاقا.|عشاء رائع وموسيقى جيدة.|تعطل الهاتف بعد أسبوع.|"
              "وصل بسرعة وكل شيء سليم!",
    "Japanese": "このホテルは全然気に入らなかった。|夕食はとてもおいしかった。|"
                "買って一週間で電話が壊れました。|すぐに届き、売り手に感謝します。",
    "Korean": "호텔이 전혀 마음에 들지 않았다.|훌륭한 저녁 식사와 좋은 음악.|"
              "전화기가 일주일 만에 고장 났다.|빨리 도착했어요, 감사합니다!",
    "Traditional Chinese": "這家旅館我們一點也不喜歡。|晚餐很棒，音樂也好聽。|"
                           "電話買了一個星期就壞了。|很快就送到了，謝謝賣家！",
    "Simplified Chinese": "这家旅馆我们一点也不喜欢。|晚饭很棒，音乐也好听。|"
                          "手机买了一个星期就坏了。|很快就送到了，谢谢卖家！",
    "Thai": "โรงแรมนี้เราไม่ชอบเลย|อาหารเย็นอร่อยมาก|โทรศัพท์เสียหลังจากหนึ่งสัปดาห์|ส่งเร็วมาก ขอบคุณ",
    "French": "L'hôtel ne nous a pas plu du tout.|Un dîner très réussi, merci à eux.|"
              "Le téléphone est tombé en panne après ça.|Livré à l'heure, déjà cassé.",
    "German": "Das Hotel hat uns überhaupt nicht gefallen.|Ein schönes Essen, nette Größen.|"
              "Das Telefon ist nach einer Woche kaputt, ärgerlich.|Schnell, danke für alles!",
    "Spanish": "El hotel no nos gustó nada.|Una cena estupenda y buena música.|"
               "El teléfono se rompió mañana y noche.|¡Qué rápido, todo está entero!",
    "Lithuanian": "Viešbutis mums visai nepatiko.|Puiki vakarienė ir gera muzika.|"
                  "Telefonas sugedo po savaitės, gaila.|Atvežė greitai, ačiū pardavėjui!",
}
ENCODINGS = {
    "Russian": ("cp1251", "koi8-r", "iso8859-5", "cp866"), "Ukrainian": ("cp1251", "koi8-u"),
    "Bulgarian": ("cp1251",), "Polish": ("cp1250", "iso8859-2"), "Czech": ("cp1250", "iso8859-2"),
    "Hungarian": ("cp1250",), "Greek": ("cp1253", "iso8859-7"), "Turkish": ("cp1254", "iso8859-9"),
    "Hebrew": ("cp1255",), "Arabic": ("cp1256", "iso8859-6"),
    "Japanese": ("shift_jis", "euc_jp"), "Korean": ("euc_kr", "cp949"),
    "Traditional Chinese": ("big5", "gb18030"), "Simplified Chinese": ("gb2312", "gb18030"),
    "Thai": ("tis-620",), "French": ("cp1252", "iso8859-15"), "German": ("cp1252",),
    "Spanish": ("cp1252",), "Lithuanian": ("cp1257",),
}
CASES = [(name, encoding) for name, encodings in ENCODINGS.items() for encoding in encodings]
ENGLISH = [f"Room {number} was cold and the staff were rude." for number in range(30)]
SIGNS = ["It’s a “great” film — really", "We went to a café", "a naïve plot", "20 £ for this?",
         "Das Lego™ ist schön", "Nul à chier", "25 °C", "Ça va", "süß", "é"]


def table(texts):
    return "text,label\n" + "".join(f'"{text}",{at % 2}\n' for at, text in enumerate(texts))


def sizes(name):
    """One table with a few rows, one with many, and one with a few among English rows."""
    texts = TEXTS[name].split("|")
    yield table(texts)
    yield table(texts * 100)
    yield table([*ENGLISH, texts[0], *ENGLISH, texts[1]])


@pytest.mark.parametrize(("name", "encoding"), CASES)
def test_languages(name, encoding):
    for text in sizes(name):
        assert decode(text.encode(encoding), "a.csv")[0] == text


def test_nearly_every_single_sentence_is_enough():
    right = [decode(table([text]).encode(encoding), "a.csv")[0] == table([text])
             for name, encoding in CASES for text in TEXTS[name].split("|")]
    assert sum(right) >= 0.95 * len(right)


@pytest.mark.parametrize("text", SIGNS)
def test_a_few_western_signs_among_english_rows(text):
    for written in (table([text]), table([*ENGLISH, text])):
        assert decode(written.encode("cp1252"), "a.csv")[0] == written


@pytest.mark.parametrize(("name", "encoding", "byte"), [
    ("Russian", "cp1251", b"\x98"), ("Japanese", "shift_jis", b"\x81"),
    ("Korean", "cp949", b"\xff"), ("Traditional Chinese", "big5", b"\xff"),
    ("Simplified Chinese", "gb18030", b"\xff"),
])
def test_a_damaged_character_spoils_its_own_line_only(name, encoding, byte):
    text = table(TEXTS[name].split("|") * 10)
    lines = text.encode(encoding).splitlines(True)
    lines[7] = byte + lines[7]
    found, _, notes = decode(b"".join(lines), "a.csv")
    right = [one == other for one, other in zip(found.splitlines(), text.splitlines(), strict=True)]
    assert [at for at, fine in enumerate(right) if not fine] == [7]
    assert [note.severity for note in notes] == ["note", "warning"]


@pytest.mark.parametrize(("text", "encoding"), [
    ("我用iPhone，很好,1\nA片不错,0\n", "gb18030"), ("用iPhone很好,1\n", "big5"),
    ("iPhoneを買った,1\nTシャツ,0\n", "shift_jis"), ("iPhone 12 хороший,1\n", "cp1251"),
    ("Я в шоке,0\n", "koi8-r"), ("iPhone이 좋다,1\n", "euc_kr"),
    ("The film of last night was 很好,1\nIt was awful,0\n", "gb18030"),
    ("".join(f"The film {at} was 很好.;1\n" for at in range(40)), "gb18030"),
    ("We had さしみ at the harbour,1\n", "euc_jp"),
])
def test_latin_words_beside_another_script(text, encoding):
    assert decode(text.encode(encoding), "a.csv")[0] == text


def test_a_guess_is_said_with_a_line_to_judge_by():
    _, encoding, notes = decode(table(TEXTS["Russian"].split("|")).encode("cp1251"), "a.csv")
    assert encoding == "cp1251"
    assert [note.severity for note in notes] == ["note"]
    assert "'a.csv' was read as cp1251, which is a guess: " in str(notes[0])
    assert "Мне совсем не понравилась" in str(notes[0])
