/// What customers and agents of the benchmark write: texts of ordinary length in the markets' languages.
///
/// Each of the five questions is one that the shipped phrases of `rules/faq.yaml` know; the other texts ask nothing that is
/// answered automatically.
struct LoadTexts: Sendable {
    /// In the order price, shipping cost, shipping time, opening hours, size.
    let questions: [String]
    let words: [String]
    let replies: [String]

    static func of(language: String) -> LoadTexts {
        switch language.prefix(2) {
        case "de": german
        case "fi": finnish
        case "es": spanish
        case "pt": portuguese
        default: english
        }
    }

    private static let german = LoadTexts(
        questions: [
            "Hallo, was kostet der große Rucksack aus dem letzten Beitrag?",
            "Wie hoch sind die Versandkosten nach Leipzig?",
            "Guten Abend, wie lange dauert der Versand ungefähr?", "Wie sind denn Ihre Öffnungszeiten am Samstag?",
            "Haben Sie eine Größentabelle für die Gürtel?",
        ],
        words: [
            "Hallo, meine Tasche ist heute mit einem Riss am Henkel angekommen.",
            "Ich habe Ihnen gerade ein Foto geschickt.",
            "Kann mir bitte jemand weiterhelfen? Es wäre ziemlich dringend.",
            "Ach ja, die Bestellung war aus der letzten Woche.",
        ],
        replies: ["Guten Tag, das tut uns leid. Wir schicken Ihnen morgen früh eine neue Tasche zu."])
    private static let finnish = LoadTexts(
        questions: [
            "Hei, paljonko maksaa se iso reppu?", "Mitkä ovat toimituskulut Ouluun?",
            "Mikä on toimitusaika tällä hetkellä?",
            "Mitkä ovat myymälän aukioloajat lauantaina?", "Löytyykö vöille kokotaulukko?",
        ],
        words: [
            "Hei, laukku saapui tänään ja hihna on poikki.", "Lähetin juuri kuvan tästä asiasta.",
            "Voisiko joku auttaa, asialla on vähän kiire.", "Tilaus tehtiin muuten viime viikolla.",
        ],
        replies: ["Hei, pahoittelut tästä. Lähetämme sinulle uuden laukun heti huomenna."])
    private static let english = LoadTexts(
        questions: [
            "Hi, how much is the big backpack from your last post?", "What are the shipping costs to Boston?",
            "How long does shipping take at the moment?", "What are your opening hours on Saturday?",
            "Do you have a size chart for the belts?",
        ],
        words: [
            "Hello, my bag arrived today and the strap is torn.", "I have just sent you a picture of it.",
            "Could somebody help me, please? It is rather urgent.", "By the way, the order was from last week.",
        ],
        replies: ["Hello, we are sorry about that. A new bag goes out to you tomorrow morning."])
    private static let spanish = LoadTexts(
        questions: [
            "Hola, ¿cuánto cuesta la mochila grande?", "¿Cuáles son los gastos de envío a Puebla?",
            "¿Cuánto tarda en llegar el pedido?", "¿A qué hora abren el sábado?",
            "¿Tienen una tabla de tallas para cinturones?",
        ],
        words: [
            "Hola, mi bolsa llegó hoy con la correa rota.", "Les acabo de mandar una foto.",
            "¿Alguien me puede ayudar, por favor? Es algo urgente.", "El pedido fue de la semana pasada.",
        ],
        replies: ["Hola, lo sentimos mucho. Mañana temprano le mandamos una bolsa nueva."])
    private static let portuguese = LoadTexts(
        questions: [
            "Oi, quanto custa a mochila grande?", "Qual o valor do frete para Campinas?", "Qual é o prazo de entrega?",
            "Qual o horário de atendimento no sábado?", "Vocês têm tabela de medidas para os cintos?",
        ],
        words: [
            "Oi, minha bolsa chegou hoje com a alça rasgada.", "Acabei de mandar uma foto para vocês.",
            "Alguém pode me ajudar, por favor? É meio urgente.", "O pedido foi da semana passada.",
        ],
        replies: ["Olá, sentimos muito. Amanhã cedo enviamos uma bolsa nova para você."])
}
