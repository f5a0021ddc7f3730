/// SplitMix64: numbers that depend on the seed alone, the same on every machine and toolchain.
///
/// For simulated customers, spread timers, jitter and property tests; never for tokens or secrets. Source: Steele, Lea,
/// Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in `0..<bound`; 0 for a bound of 0. Written out, because the standard library may change how it maps.
    package mutating func number(below bound: UInt64) -> UInt64 {
        bound == 0 ? 0 : next().multipliedFullWidth(by: bound).high
    }

    /// A number in `0..<1` with 53 bits.
    package mutating func fraction() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// True with the given probability.
    package mutating func chance(_ probability: Double) -> Bool {
        fraction() < probability
    }

    /// One element; nil for an empty array.
    package mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[Int(number(below: UInt64(elements.count)))]
    }
}
