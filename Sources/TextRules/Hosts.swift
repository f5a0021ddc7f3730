/// What is known of hosts and currencies, whatever the language.
enum Hosts {
    static func kind(of host: [UInt8]) -> LinkScan.Kind {
        let name = String(decoding: host, as: UTF8.self)
        if holds(name, in: messengers) { return .messenger }
        return holds(name, in: shorteners) ? .shortener : .site
    }

    /// An ending that is no word of a sentence.
    static func isPlain(_ label: ArraySlice<UInt8>) -> Bool {
        label.starts(with: "xn--".utf8) || plain.contains(String(decoding: label, as: UTF8.self))
    }

    /// Two letters, as countries have; many of them are words too.
    static func isCountry(_ label: ArraySlice<UInt8>) -> Bool {
        label.count == 2 && label.allSatisfy { (0x61...0x7A).contains($0) }
    }

    /// The host itself or one above it is in a list.
    static func holds(_ name: String, in list: Set<String>) -> Bool {
        var rest = Substring(name)
        while true {
            if list.contains(String(rest)) { return true }
            guard let dot = rest.firstIndex(of: ".") else { return false }
            rest = rest[rest.index(after: dot)...]
        }
    }

    /// Texts after a number that make it a sum.
    static let currencies: [[UInt8]] = [
        "$", "€", "£", "฿", "₽", "¥", "₹", "₫", "₩", "₴", "₺", "zł", "zl", "kč", "usd", "usdt", "eur", "gbp", "btc",
        "eth",
        "บาท", "บ.", "руб", "р.", "грн", "тг", "円", "元", "원", "만원", "tl", "rp", "rb/", "juta", "vnd", "triệu", "tr/",
        "k/", "💵",
    ].map { NormalisedText($0).bytes }

    private static let messengers: Set<String> = [
        "wa.me", "api.whatsapp.com", "chat.whatsapp.com", "whatsapp.com", "t.me", "telegram.me", "telegram.dog",
        "telegram.org", "line.me", "lin.ee", "discord.gg", "discord.com", "viber.com", "zalo.me", "signal.me",
        "msng.link", "wechat.com", "join.skype.com", "snapchat.com", "open.kakao.com", "pf.kakao.com", "vk.me",
    ]

    private static let shorteners: Set<String> = [
        "bit.ly", "bitly.com", "bitly.ws", "cutt.ly", "tinyurl.com", "goo.gl", "t.co", "is.gd", "v.gd", "rb.gy",
        "ow.ly",
        "buff.ly", "rebrand.ly", "shorturl.at", "s.id", "t.ly", "tiny.cc", "bl.ink", "lnkd.in", "adf.ly", "shorte.st",
        "linktr.ee", "beacons.ai", "heylink.me", "linkbio.co", "campsite.bio", "clck.ru", "vk.cc", "u.to", "qps.ru",
        "surl.li", "reurl.cc", "lihi.cc", "me2.do", "han.gl", "vo.la", "abre.ai", "encurtador.com.br", "acortar.link",
        "citly.me", "shp.ee", "urlz.fr", "cutt.us", "shrtco.de", "soo.gd", "x.gd", "n9.cl", "onelink.to", "dub.sh",
    ]

    private static let plain: Set<String> = [
        "com", "net", "org", "info", "biz", "shop", "store", "online", "site", "website", "xyz", "top", "club", "vip",
        "win",
        "bet", "app", "dev", "link", "click", "live", "pro", "icu", "fun", "cc", "tv", "io", "co", "ly", "gg", "gl",
        "ltd", "icu",
        "de", "uk", "fr", "es", "nl", "se", "dk", "fi", "pl", "cz", "hu", "ro", "gr", "ru", "ua", "tr", "ir", "th",
        "vn",
        "jp", "kr", "cn", "tw", "hk", "mx", "br", "pt", "eu", "ca", "au", "nz", "ch", "ae", "sa", "eg", "il", "ph",
        "my", "sg",
        "page", "sale", "market", "deals", "buy", "cash", "money", "finance", "trade", "trading", "crypto", "casino",
        "poker",
        "asia", "world", "space", "tech", "cloud", "digital", "agency", "company", "group", "life", "today", "best",
        "one",
        "art", "blog", "news", "bio", "mobi", "rest", "bar", "example", "pw", "su", "рф", "me",
    ]
}
