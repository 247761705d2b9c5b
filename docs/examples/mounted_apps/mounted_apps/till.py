"""The till: it takes money for what is ordered, one order after the other."""

import asyncio


class Till:
    """What is in it, and who puts something into it."""

    def __init__(self, prices: dict[str, int], content: int) -> None:
        self.prices = prices
        self.content = content
        self.orders: asyncio.Queue[str] = asyncio.Queue()

    async def take_orders(self) -> None:
        """Take the money for each order; die of one that has no price."""
        while True:
            self.content += self.prices[await self.orders.get()]
