/// A place in a document's bytes, with its line and column.
struct YAMLCursor {
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0
    private(set) var line: Int32 = 1
    private var lineStart = 0
    /// Scalars of the line before `counted`: columns of a line cost one pass over it, however many are asked for.
    private var scalars: Int32 = 0
    private var counted = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Zero at the end, which no document holds.
    var byte: UInt8 { at < bytes.count ? bytes[at] : 0 }

    var next: UInt8 { at + 1 < bytes.count ? bytes[at + 1] : 0 }

    var isSpace: Bool { byte == 0x20 }

    var isBreak: Bool { byte == 0x0A }

    /// A space, a break or the end.
    var isBlank: Bool { Self.isBlank(byte) }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0 }

    /// Nothing follows on this line, or only a comment.
    var isLineEnd: Bool {
        switch byte {
        case 0x0A, 0: true
        case UInt8(ascii: "#"): at == lineStart || bytes[at - 1] == 0x20
        default: false
        }
    }

    /// The sign of an item in a list by indentation.
    var isDash: Bool { byte == UInt8(ascii: "-") && Self.isBlank(next) }

    /// Bytes since the start of the line, which are spaces where blocks begin.
    var column: Int { at - lineStart }

    /// Line and column in scalars, from 1.
    var place: (line: Int32, column: Int32) {
        mutating get {
            while counted < at {
                if bytes[counted] & 0xC0 != 0x80 { scalars += 1 }
                counted += 1
            }
            return (line, scalars + 1)
        }
    }

    /// The break that ends the line, or the end.
    var endOfLine: Int {
        var end = at
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        return end
    }

    mutating func skipSpaces() {
        while byte == 0x20 { at += 1 }
    }

    /// Over the break at which the cursor stands.
    mutating func nextLine() {
        at += 1
        line += 1
        lineStart = at
        scalars = 0
        counted = at
    }

    /// To the next thing that is neither space nor comment; false at the end.
    ///
    /// - Throws: where a document or directive might begin.
    mutating func skipToContent() throws(PlainYAML.GivenUp) -> Bool {
        while true {
            skipSpaces()
            guard isLineEnd else { break }
            at = endOfLine
            guard at < bytes.count else { return false }
            nextLine()
        }
        if column == 0 {
            let isMark = byte == UInt8(ascii: "-") && !isDash || byte == UInt8(ascii: ".")
            guard !isMark, byte != UInt8(ascii: "%") else { throw PlainYAML.GivenUp() }
        }
        return true
    }
}
