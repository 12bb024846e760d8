"""What an event of the Segment specs is called here. RudderStack uses the same names.

Names are compared by their letters and digits alone: `Product Viewed`, `product_viewed` and `productViewed` are one.
"""

from functools import lru_cache

from app.events.schemas import OUR_KINDS, EventKind

_SPEC: dict[EventKind | None, str] = {
    EventKind.SEARCH: "Products Searched",
    EventKind.IMPRESSION: "Product List Viewed, Product List Filtered, Promotion Viewed",
    EventKind.VIEW: "Product Viewed, Product Clicked",
    EventKind.CART_ADD: "Product Added, Wishlist Product Added to Cart",
    EventKind.CART_REMOVE: "Product Removed",
    EventKind.ORDER: "Order Completed",
    EventKind.REFUND: "Order Refunded",
    EventKind.COUPON: "Coupon Entered, Coupon Applied, Coupon Denied, Coupon Removed",
    EventKind.FAVOURITE: "Product Added to Wishlist",
    EventKind.SHARE: "Product Shared, Cart Shared",
    EventKind.REVIEW: "Product Reviewed",
    EventKind.SUPPORT_MESSAGE: "Live Chat Message Sent",
    EventKind.REFERRAL: "Invite Sent",
    EventKind.SESSION: "Application Opened, Application Foregrounded, Signed In, Session Started",
    EventKind.CAMPAIGN_SENT: "Email Delivered, Push Notification Received",
    EventKind.CAMPAIGN_OPENED: "Email Opened",
    EventKind.CAMPAIGN_CLICKED: "Email Link Clicked, Push Notification Tapped, Promotion Clicked",
    EventKind.CONSENT: (
        "Unsubscribed, Email Marked as Spam, Segment Consent Preference, Segment Consent Preference Updated, "
        "Consent Given, Consent Granted, Consent Updated, Consent Preference Updated, Consent Preferences Updated, "
        "Consent Changed, Consent Withdrawn, Consent Revoked, Consent Denied, Consent Refused"
    ),
    EventKind.MEDIA: (
        "Video Playback Started, Video Playback Paused, Video Playback Interrupted, Video Playback Resumed, "
        "Video Playback Buffer Started, Video Playback Buffer Completed, Video Playback Seek Started, "
        "Video Playback Seek Completed, Video Playback Completed, Video Playback Exited, Video Content Started, "
        "Video Content Playing, Video Content Completed, Video Ad Started, Video Ad Playing, Video Ad Completed, "
        "Video Quality Updated, Media Playback Started, Media Playback Paused, Media Playback Completed"
    ),
    # Spec names without a kind of ours keep their own, in one spelling.
    None: (
        "Cart Viewed, Checkout Started, Checkout Step Viewed, Checkout Step Completed, Payment Info Entered, "
        "Order Updated, Order Cancelled, Product Removed from Wishlist, Email Bounced, Push Notification Bounced, "
        "Application Installed, Application Updated, Application Backgrounded, Application Crashed, "
        "Application Uninstalled, Install Attributed, Deep Link Opened, Deep Link Clicked, Signed Up, Signed Out, "
        "Live Chat Conversation Started, Live Chat Conversation Ended, Live Chat Message Received"
    ),
}
LISTED = frozenset({"productlistviewed", "productlistfiltered", "ordercompleted", "order"})
"""Keys of events that mean one event for each of their `products`."""


@lru_cache(maxsize=512)
def key_of(name: str) -> str:
    """The letters and digits of a name, in one case."""
    return "".join(filter(str.isalnum, name)).casefold()


def kind_of(name: str) -> str:
    """Our kind for a tracked event's name. Unknown events keep the name that they came with."""
    return _KINDS.get(key_of(name)) or name.strip()


def _spec_kinds() -> dict[str, str]:
    kinds = {key_of(kind): kind.value for kind in EventKind if kind not in OUR_KINDS}
    for kind, names in _SPEC.items():
        for name in names.split(", "):
            kinds[key_of(name)] = kind.value if kind else name.lower().replace(" ", "_")
    return kinds


_KINDS = _spec_kinds()
