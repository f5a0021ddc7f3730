/// What the sample day's customers write and its agents answer, by language. Invented for the sample.
struct SampleTexts: Sendable {
    /// Asks for what the shipped FAQ answers (price, shipping, hours, size).
    let questions: [String]
    /// Needs a person.
    let matters: [String]
    /// More of the same, minutes later.
    let followUps: [String]
    let comments: [String]
    let answers: [String]

    /// The texts of a language; of its base language, else English, where there are none.
    static func of(_ language: String) -> SampleTexts {
        let base = language.split(separator: "-").first.map(String.init) ?? language
        return all[language] ?? all[base] ?? english
    }

    private static let all: [String: SampleTexts] = [
        "de": SampleTexts(
            questions: ["Wie hoch sind die Versandkosten?", "Was kosten die Stiefel?", "Wann habt ihr geöffnet?"],
            matters: [
                "Mein Paket ist beschädigt angekommen, was soll ich tun?", "Die Naht ist nach zwei Wochen gerissen.",
                "Können Sie die Lieferadresse meiner Bestellung ändern?",
            ],
            followUps: ["Hallo?", "Ich habe auch ein Foto davon.", "Es eilt ein wenig."],
            comments: ["Gibt es die auch in Blau?", "Sehr schön!", "Wie hoch sind die Versandkosten?"],
            answers: ["Guten Tag, ich kümmere mich sofort darum.", "Das habe ich für Sie geändert."]),
        "fi": SampleTexts(
            questions: ["Paljonko toimitus maksaa?", "Mitä nämä saappaat maksavat?", "Milloin olette auki?"],
            matters: [
                "Tilaukseni ei ole vieläkään saapunut.", "Sain väärän koon, miten vaihdan sen?",
                "Vetoketju on rikki, mitä teen?",
            ],
            followUps: ["Onko kukaan paikalla?", "Tilausnumero on 48231.", "Kiitos etukäteen."],
            comments: ["Onko tätä myös mustana?", "Upea!", "Paljonko toimitus maksaa?"],
            answers: ["Hei, selvitän asian heti.", "Vaihto on nyt tehty."]),
        "vi": SampleTexts(
            questions: ["Phí giao hàng bao nhiêu?", "Giá bao nhiêu vậy shop?", "Mấy giờ shop mở cửa?"],
            matters: [
                "Mình nhận được hàng bị lỗi, shop xử lý giúp mình nhé.", "Đơn của mình chưa thấy giao.",
                "Mình muốn đổi địa chỉ nhận hàng.",
            ],
            followUps: ["Shop ơi?", "Mình gửi thêm hình nhé.", "Mình cần gấp ạ."],
            comments: ["Có màu đỏ không shop?", "Đẹp quá!", "Phí giao hàng bao nhiêu?"],
            answers: ["Dạ em kiểm tra ngay cho mình ạ.", "Em đã cập nhật đơn cho mình rồi ạ."]),
        "es": SampleTexts(
            questions: ["¿Cuánto cuesta el envío?", "¿Qué precio tienen las botas?", "¿Cuál es su horario?"],
            matters: [
                "Mi pedido llegó incompleto.", "Quiero cambiar la talla de mi pedido.",
                "El cierre se rompió al primer uso.",
            ],
            followUps: ["¿Hola?", "Puedo mandar una foto.", "Lo necesito para el viernes."],
            comments: ["¿Lo tienen en rojo?", "¡Qué bonito!", "¿Cuánto cuesta el envío?"],
            answers: ["Hola, lo reviso ahora mismo.", "Listo, su cambio está registrado."]),
        "pt": SampleTexts(
            questions: ["Quanto custa o frete?", "Qual o preço das botas?", "Qual o horário de atendimento?"],
            matters: ["Meu pedido veio errado.", "Quero trocar o tamanho.", "O zíper quebrou no primeiro dia."],
            followUps: ["Oi?", "Posso mandar foto.", "Preciso até sexta."],
            comments: ["Tem na cor preta?", "Lindo demais!", "Quanto custa o frete?"],
            answers: ["Oi, já vou verificar para você.", "Pronto, a troca está registrada."]),
        "ja": SampleTexts(
            questions: ["送料はいくらですか？", "値段を教えてください。", "営業時間は何時までですか？"],
            matters: ["届いた商品が壊れていました。", "サイズを交換したいです。", "注文した商品がまだ届きません。"],
            followUps: ["すみません。", "写真を送ります。", "急いでいます。"],
            comments: ["黒はありますか？", "素敵ですね！", "送料はいくらですか？"],
            answers: ["すぐに確認いたします。", "交換の手続きをいたしました。"]),
        "ar": SampleTexts(
            questions: ["كم تكلفة الشحن؟", "كم سعر الحذاء؟", "ما هي ساعات العمل؟"],
            matters: ["وصلني المنتج تالفًا.", "أريد تغيير المقاس.", "لم يصل طلبي حتى الآن."],
            followUps: ["مرحبا؟", "أستطيع إرسال صورة.", "الأمر مستعجل قليلًا."],
            comments: ["هل يوجد باللون الأسود؟", "جميل جدًا!", "كم تكلفة الشحن؟"],
            answers: ["أهلًا، سأتحقق من ذلك الآن.", "تم تسجيل التغيير."]),
        "fr": SampleTexts(
            questions: ["Combien coûte la livraison ?", "Quel est le prix des bottes ?", "Quels sont vos horaires ?"],
            matters: [
                "Mon colis est arrivé abîmé.", "Je voudrais changer la taille de ma commande.",
                "La fermeture est cassée.",
            ],
            followUps: ["Bonjour ?", "J'ai une photo.", "C'est assez urgent."],
            comments: ["Vous l'avez en noir ?", "Magnifique !", "Combien coûte la livraison ?"],
            answers: ["Bonjour, je m'en occupe tout de suite.", "C'est modifié."]),
    ]

    private static let english = SampleTexts(
        questions: ["How much is shipping?", "What do the boots cost?", "What are your opening hours?"],
        matters: [
            "My parcel arrived damaged, what should I do?", "The zip broke after two weeks.",
            "Can you change the delivery address of my order?",
        ],
        followUps: ["Hello?", "I have a photo of it as well.", "It is a bit urgent."],
        comments: ["Does it come in blue?", "Lovely!", "How much is shipping?"],
        answers: ["Hello, I am looking into it right now.", "I have changed that for you."])
}
