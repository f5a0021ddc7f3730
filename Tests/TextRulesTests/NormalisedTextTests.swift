import Testing

@testable import TextRules

@Suite("The matching form of a text")
struct NormalisedTextTests {
    @Test(
        "people's ways of writing one thing become one form",
        arguments: [
            ("Giá BAO nhiêu?", "gia bao nhieu?"),
            ("Gia\u{301} bao nhie\u{302}u?", "gia bao nhieu?"),
            ("Đường đi", "duong di"),
            ("ＰＲＩＣＥ　１２", "price 12"),
            ("𝗣𝗿𝗶𝗰𝗲 𝟭𝟮", "price 12"),
            ("Größe", "grosse"),
            ("ΠΌΣΟ κοστίζει", "ποσο κοστιζει"),
            ("сколько стоит ЁЛКА", "сколько стоит елка"),
            ("p\u{200B}ri\u{202E}ce\u{FE0F}", "price"),
            ("  a \t\n\u{A0} b", " a b"),
            ("what’s", "what's"),
            ("ｶﾞｲﾄﾞ", "ガイド"),
            ("カ\u{3099}イト\u{3099}", "ガイド"),
            ("\u{1112}\u{1161}\u{11AB}글", "한글"),
            ("السِّعْرُ كـــم", "السعر كم"),
            ("٣٥", "35"),
            ("İstanbul ISI", "istanbul isi"),
        ])
    func form(original: String, form: String) {
        #expect(NormalisedText(original).text == form)
    }

    @Test("a look-alike letter is read as Latin only inside a word that is Latin otherwise")
    func lookalikes() {
        #expect(NormalisedText("рrісe").text == "price")
        #expect(NormalisedText("сор и вор").text == "сор и вор")
        #expect(NormalisedText("αlpha αλφα").text == "alpha αλφα")
        #expect(NormalisedText("зaрaбoтoк и доход").text == "заработок и доход")
        #expect(NormalisedText("зαpαбοтαть").text == "заработать")
        #expect(NormalisedText("tᴀᴋᴇ ᴛʜᴇ sᴛᴇᴘ").text == "take the step")
    }

    @Test("each byte of the form knows where its scalar began")
    func origins() {
        let text = NormalisedText("Đá ß")
        #expect(text.text == "da ss")
        #expect(text.origins == [0, 2, 4, 5, 5, 7])
    }

    @Test(
        "edge case 28: a text of any length and kind is read up to its first 20,000 scalars",
        arguments: ["a", "\u{301}", "🔥", "\u{200B}", "ש", " ", "ß", "ﷺ", "аa"])
    func bounded(piece: String) {
        let text = NormalisedText(String(repeating: piece, count: 100_000))
        #expect(text.bytes.count <= 4 * NormalisedText.mostScalars)
        #expect(text.origins.count == text.bytes.count + 1)
        #expect(Int(text.origins.last ?? 0) <= 4 * NormalisedText.mostScalars)
    }
}
