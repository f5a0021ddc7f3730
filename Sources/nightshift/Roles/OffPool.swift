import Delivery

/// Runs blocking work on a thread of its own, so that it never holds one of the cooperative pool's few.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        _ = PlainThread(name: "off-pool") {
            continuation.resume(with: Result { try work() })
        }
    }
}

/// The same for work that cannot fail.
func offPool<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        _ = PlainThread(name: "off-pool") {
            continuation.resume(returning: work())
        }
    }
}
