/// The one scalar that two make: a Hangul syllable of its letters, a kana with its sound mark.
enum JoinedScalar {
    /// Nil if the two do not join. Source of the Hangul arithmetic: The Unicode Standard, section 3.12.
    static func of(_ last: UInt32, _ scalar: UInt32) -> UInt32? {
        switch (last, scalar) {
        case (0x1100...0x1112, 0x1161...0x1175): 0xAC00 + ((last - 0x1100) * 21 + scalar - 0x1161) * 28
        case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (last - 0xAC00) % 28 == 0: last + scalar - 0x11A7
        case (0x304B...0x3062, 0x3099), (0x30AB...0x30C2, 0x3099): last % 2 == 1 ? last + 1 : nil
        case (0x3064...0x3068, 0x3099), (0x30C4...0x30C8, 0x3099): last % 2 == 0 ? last + 1 : nil
        case (0x306F...0x307B, 0x3099), (0x30CF...0x30DB, 0x3099): last % 3 == 0 ? last + 1 : nil
        case (0x306F...0x307B, 0x309A), (0x30CF...0x30DB, 0x309A): last % 3 == 0 ? last + 2 : nil
        default: nil
        }
    }
}
