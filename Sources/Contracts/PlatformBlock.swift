/// A platform's word that it takes nothing more from an account.
package enum PlatformBlock {
    /// So long the account is stopped here, unless the platform takes the block back or a person releases the account before.
    /// Then its calls go again, and what the platform answers tells whether the block still stands.
    package static let lasts = Duration.seconds(30 * 86_400)
}
