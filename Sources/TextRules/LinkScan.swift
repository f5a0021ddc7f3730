/// What in a text leads elsewhere, found without any phrase: addresses, look-alike and split ones too, shorteners,
/// messengers, handles, telephone numbers, sums of money.
///
/// Problem: spammers rarely write a plain link. Choice: one pass over the matching form, which has undone width,
/// look-alikes and invisible letters, with a look around each sign that an address must hold. Rejected: a pattern
/// language (time grows with malice). How it fails: a host whose ending is a common word is found only with a path
/// behind it, so `thanks.it was` is no link.
struct LinkScan {
    enum Kind: UInt8, Sendable {
        /// An address that is not one of the others.
        case site
        case shortener
        case messenger
        case email
        /// `@name`, or `#name_1` in the way of people who sell with it.
        case handle
        case phone
        /// A sum with its currency.
        case sum
        /// An address of coins.
        case wallet
    }

    struct Link: Sendable {
        let kind: Kind
        /// Offsets in the form.
        let start: Int
        let end: Int
        /// Of an address, in the form's letters; empty for others.
        let host: ArraySlice<UInt8>
        /// Written apart, with a look-alike, in punycode or with `dot`.
        let isDisguised: Bool
        /// A sum of a thousand and more, in whatever currency.
        var isLarge = false
    }

    /// Links of one text; what comes later adds nothing to what is known of it.
    static let most = 64

    private(set) var links: [Link] = []
    private let bytes: UnsafeBufferPointer<UInt8>
    private let kinds: UnsafeBufferPointer<UInt8>
    private var covered = 0

    static func links(in text: NormalisedText) -> [Link] {
        text.bytes.withUnsafeBufferPointer { bytes in
            text.kinds.withUnsafeBufferPointer { kinds in
                var scan = LinkScan(bytes, kinds)
                scan.run()
                return scan.links
            }
        }
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, _ kinds: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        self.kinds = kinds
    }

    private mutating func run() {
        var offset = 0
        while offset < bytes.count, links.count < Self.most {
            let byte = bytes[offset]
            if byte > 0x40, byte < 0x80, byte != 0x64 {
                offset += 1
                continue
            }
            switch byte {
            case UInt8(ascii: "."): dot(at: offset, first: offset, last: offset, isDisguised: false)
            case UInt8(ascii: "d") where isWord("dot", at: offset): writtenDot(at: offset)
            case UInt8(ascii: "@"): at(offset)
            case UInt8(ascii: "#"): tag(offset)
            case UInt8(ascii: "$"): money(from: offset, signLength: 1)
            case 0x30...0x39 where offset == 0 || !isDigit(offset - 1): number(at: offset)
            case 0xE2 where follows(offset, 0x82, 0xAC): money(from: offset, signLength: 3)
            case 0xC2 where follows(offset, 0xA3): money(from: offset, signLength: 2)
            case 0xE0 where follows(offset, 0xB8, 0xBF): money(from: offset, signLength: 3)
            default: break
            }
            offset += 1
        }
    }

    // MARK: Addresses

    /// An address around a dot, which may be written `[.]`, `(dot)` or between spaces.
    private mutating func dot(at offset: Int, first: Int, last: Int, isDisguised: Bool) {
        guard offset >= covered else { return }
        var left = first
        var right = last + 1
        var split = isDisguised
        let isTight = isName(first - 1) && right < bytes.count && isName(right)
        if !isTight {
            // `shop . com`, `shop[.]com`, `shop .com`
            while left > 0, isFiller(bytes[left - 1]), first - left < 3 { left -= 1 }
            while right < bytes.count, isFiller(bytes[right]), right - last < 4 { right += 1 }
            guard left > 0, isName(left - 1), right < bytes.count, isName(right) else { return }
            // An ordinary end of a sentence has no space before its dot.
            guard left < first || split else { return }
            split = true
        }
        var start = left
        while start > 0, isName(bytes: start - 1) || bytes[start - 1] == UInt8(ascii: "."), left - start < 64 {
            start -= 1
        }
        while start < left, bytes[start] == UInt8(ascii: ".") { start += 1 }
        var end = right
        while end < bytes.count,
            isName(end) || bytes[end] == UInt8(ascii: ".") && end + 1 < bytes.count && isName(end + 1),
            end - right < 64
        {
            end += 1
        }
        let ending = lastLabel(right, end)
        let hasScheme = start >= 3 && bytes[start - 1] == UInt8(ascii: "/") && bytes[start - 2] == UInt8(ascii: "/")
        let isWWW = matches(Array("www.".utf8), at: start)
        let hasPath = end < bytes.count && bytes[end] == UInt8(ascii: "/")
        var host = Array(bytes[start..<left])
        host.append(UInt8(ascii: "."))
        host += bytes[right..<end]
        let kind = Hosts.kind(of: host)
        guard left > start,
            hasScheme || isWWW || kind != .site || Hosts.isPlain(ending) || hasPath && Hosts.isCountry(ending)
        else { return }
        guard !split || kind != .site || Hosts.isPlain(ending) else { return }
        if start > 0, bytes[start - 1] == UInt8(ascii: "@") {
            var name = start - 1
            while name > 0, isName(name - 1) || bytes[name - 1] == UInt8(ascii: ".") { name -= 1 }
            if name < start - 1 { return add(.email, name, end, host[...], isDisguised: split) }
        }
        while end < bytes.count, kinds[end] != NormalisedText.Kind.space, bytes[end] > 0x20 { end += 1 }
        let isPuny = matches(Array("xn--".utf8), at: start)
        add(kind, start, end, host[...], isDisguised: split || isPuny)
    }

    private mutating func writtenDot(at offset: Int) {
        dot(at: offset, first: offset, last: offset + 2, isDisguised: true)
    }

    private func lastLabel(_ start: Int, _ end: Int) -> ArraySlice<UInt8> {
        let label = bytes[start..<end]
        let after = label.lastIndex(of: UInt8(ascii: ".")).map { $0 + 1 } ?? start
        return Array(bytes[after..<end])[...]
    }

    // MARK: Handles and numbers

    private mutating func at(_ offset: Int) {
        guard offset >= covered, offset == 0 || !isName(offset - 1) else { return }
        var end = offset + 1
        while end < bytes.count, isName(end) || bytes[end] == UInt8(ascii: "_") || bytes[end] == UInt8(ascii: ".") {
            end += 1
        }
        if end - offset > 3 { add(.handle, offset, end, [], isDisguised: false) }
    }

    private mutating func tag(_ offset: Int) {
        guard offset >= covered else { return }
        var end = offset + 1
        var joins = 0
        while end < bytes.count, isName(end) || bytes[end] == UInt8(ascii: "_") || bytes[end] >= 0x80 {
            if bytes[end] == UInt8(ascii: "_") { joins += 1 }
            end += 1
        }
        if joins > 0, end - offset > 5 { add(.handle, offset, end, [], isDisguised: false) }
    }

    /// A telephone number or a sum.
    private mutating func number(at offset: Int) {
        guard offset >= covered else { return }
        var end = offset
        var last = offset
        var digits = 0
        while end < bytes.count, end - offset < 32 {
            if isDigit(end) {
                digits += 1
                last = end + 1
            } else if !" -.,()".utf8.contains(bytes[end]) || end > last + 1 {
                break
            }
            end += 1
        }
        if isCurrency(at: last) || isCurrency(at: last + 1) && last < bytes.count && bytes[last] == 0x20 {
            add(.sum, offset, last, [], isDisguised: false)
            links[links.count - 1].isLarge = isLarge(offset, last)
            return
        }
        let hasPlus = offset > 0 && bytes[offset - 1] == UInt8(ascii: "+")
        let leads = hasPlus || bytes[offset] == 0x30 || matches(Array("00".utf8), at: offset)
        if digits >= 9, digits <= 15, leads || digits >= 10 {
            add(.phone, offset, last, [], isDisguised: false)
        }
    }

    private mutating func money(from offset: Int, signLength: Int) {
        guard offset >= covered else { return }
        var start = offset + signLength
        if start < bytes.count, bytes[start] == 0x20 { start += 1 }
        guard start < bytes.count, isDigit(start) else { return }
        var end = start
        while end < bytes.count,
            isDigit(end) || ",.".utf8.contains(bytes[end]) || bytes[end] == 0x20 && threeDigits(end + 1)
        {
            end += 1
        }
        add(.sum, offset, end, [], isDisguised: false)
        links[links.count - 1].isLarge = isLarge(start, end)
    }

    /// At least four digits before a decimal point, or a `k` behind.
    private func isLarge(_ start: Int, _ end: Int) -> Bool {
        var digits = 0
        for offset in start..<end {
            if isDigit(offset) { digits += 1 } else if bytes[offset] != 0x20, end - offset <= 3 { break }
        }
        return digits >= 4 || end < bytes.count && bytes[end] == UInt8(ascii: "k")
    }

    private func threeDigits(_ offset: Int) -> Bool {
        offset + 2 < bytes.count && isDigit(offset) && isDigit(offset + 1) && isDigit(offset + 2)
            && (offset + 3 == bytes.count || !isName(offset + 3))
    }

    private func isCurrency(at offset: Int) -> Bool {
        guard offset < bytes.count else { return false }
        return Hosts.currencies.contains { matches($0, at: offset) }
    }

    // MARK: Bytes

    private mutating func add(_ kind: Kind, _ start: Int, _ end: Int, _ host: ArraySlice<UInt8>, isDisguised: Bool) {
        links.append(Link(kind: kind, start: start, end: end, host: host, isDisguised: isDisguised))
        covered = end
    }

    @inline(__always)
    private func isDigit(_ offset: Int) -> Bool { (0x30...0x39).contains(bytes[offset]) }

    /// Part of a label of a host: a letter, digit or hyphen.
    @inline(__always)
    private func isName(_ offset: Int) -> Bool {
        guard offset >= 0 else { return false }
        let byte = bytes[offset]
        return (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
    }

    private func isName(bytes offset: Int) -> Bool { isName(offset) || bytes[offset] >= 0x80 && kinds[offset] != 2 }

    private func isFiller(_ byte: UInt8) -> Bool { " []()".utf8.contains(byte) }

    private func isWord(_ word: StaticString, at offset: Int) -> Bool {
        let length = word.utf8CodeUnitCount
        guard offset + length <= bytes.count, offset > 0, isFiller(bytes[offset - 1]) else { return false }
        guard word.withUTF8Buffer({ word in word.indices.allSatisfy { word[$0] == bytes[offset + $0] } }) else {
            return false
        }
        return offset + length < bytes.count && isFiller(bytes[offset + length])
    }

    @inline(__always)
    private func follows(_ offset: Int, _ second: UInt8, _ third: UInt8? = nil) -> Bool {
        guard offset + 2 < bytes.count, bytes[offset + 1] == second else { return false }
        return third.map { bytes[offset + 2] == $0 } ?? true
    }

    private func matches(_ pattern: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset + pattern.count <= bytes.count else { return false }
        return pattern.indices.allSatisfy { bytes[offset + $0] == pattern[$0] }
    }
}
