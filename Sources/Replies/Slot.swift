/// A place in a template; the raw value is its name in braces.
enum Slot: String, CaseIterable {
    case day
    case time
    case zoneCity = "zone_city"
    case firstName = "first_name"
    case product
    case brand
    case answer

    /// What stands for this slot while a template is compiled: a private-use scalar, which no template may hold.
    var mark: Unicode.Scalar {
        let index = UInt32(Slot.allCases.firstIndex(of: self) ?? 0)
        return Unicode.Scalar(Self.firstMark + index) ?? "\u{F8E0}"
    }

    init?(mark: Unicode.Scalar) {
        guard mark.value >= Self.firstMark, mark.value < Self.firstMark + UInt32(Slot.allCases.count)
        else { return nil }
        self = Slot.allCases[Int(mark.value - Self.firstMark)]
    }

    private static let firstMark: UInt32 = 0xF8E0
}
