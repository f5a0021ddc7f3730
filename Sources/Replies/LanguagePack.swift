internal import Mustache

/// The texts of one language, compiled: what is said, in which variants, with which words for days and times.
package struct LanguagePack: Sendable {
    /// BCP 47, such as `fi` or `pt-BR`.
    package let tag: String

    init(tag: String) {
        self.tag = tag
    }

    /// The text of `kind`, or nil if no variant of it can be filled with these slots.
    ///
    /// `variant` is any stable number; it is taken modulo the variants that can be filled.
    package func render(_ kind: ReplyKind, slots: ReplySlots, variant: UInt64) -> String? {
        nil
    }

    /// How many variants of `kind` there are; 0 if the pack does not have it.
    package func variantCount(of kind: ReplyKind) -> Int {
        0
    }
}
