"""One of each event that payments publishes; the contract tests feed them to those who consume them."""

from uuid import UUID

from payments.events import Money, PaymentCaptured, PaymentDeclined, PaymentRefunded

ORDER = UUID("0190a5c0-0000-7000-8000-000000000001")
PAYMENT = UUID("0190a5c0-0000-7000-8000-000000000002")
AMOUNT = Money(amount=8500, currency="EUR")

SAMPLES = [
    PaymentCaptured(order_id=ORDER, payment_id=PAYMENT, amount=AMOUNT),
    PaymentDeclined(order_id=ORDER, reason="card-declined"),
    PaymentRefunded(order_id=ORDER, payment_id=PAYMENT, amount=AMOUNT),
]
