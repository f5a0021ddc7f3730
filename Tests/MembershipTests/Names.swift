import Contracts
import Instants
import Membership

/// Names that tests write often.
func member(_ name: String) throws -> MemberID { try MemberID(name: name, incarnation: 1) }

func lane(_ index: Int) throws -> LaneName { try LaneName("de-berlin.\(index)") }

func lanes(_ count: Int) throws -> [LaneName] { try (0..<count).map { try lane($0) } }

func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }
