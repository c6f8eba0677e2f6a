"""Who is in the demo: an operator, two resellers, three customers and their people. Numbers are fictitious."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    last_name: str

    @property
    def username(self) -> str:
        return self.first_name.lower()


@dataclass(frozen=True, slots=True)
class Business:
    """An account. The first of `people` is its administrator; `main_number` rings `group` first, then nobody.

    `people` get the extensions 1001, 1002 … and a desk phone each, in this order.
    """

    name: str
    people: tuple[Person, ...]
    slug: str
    color: str = ""
    group: str = ""
    main_number: str = ""
    direct_number: str = ""
    below: tuple["Business", ...] = field(default=())


OPERATOR = Business(
    name="Kazoo",
    slug="kazoo",
    people=(Person("Olivia", "Operator"),),
    below=(
        Business(
            name="Northwind",
            slug="northwind",
            color="#0f766e",
            people=(Person("Nora", "North"),),
            below=(
                Business(
                    name="Bakery",
                    slug="bakery",
                    people=(
                        Person("Alice", "Almond"),
                        Person("Bob", "Bread"),
                        Person("Carla", "Croissant"),
                        Person("Dario", "Dough"),
                    ),
                    group="Shop",
                    main_number="+15552010100",
                    direct_number="+15552010101",
                ),
                Business(
                    name="Clinic",
                    slug="clinic",
                    people=(Person("Elena", "Esper"), Person("Felix", "Fern"), Person("Greta", "Grove")),
                    group="Reception",
                    main_number="+15552010200",
                    direct_number="+15552010201",
                ),
            ),
        ),
        Business(
            name="Southbeach",
            slug="southbeach",
            color="#b45309",
            people=(Person("Samuel", "South"),),
            below=(
                Business(
                    name="Harbour",
                    slug="harbour",
                    people=(Person("Hanna", "Hale"), Person("Ivan", "Inlet"), Person("June", "Jetty")),
                    group="Dock",
                    main_number="+15552010300",
                    direct_number="+15552010301",
                ),
            ),
        ),
    ),
)

#: What the lab's carrier answers at; a demo on a real switch replaces it with a carrier of flesh and blood.
CARRIER_SERVER = "127.0.0.1"
CARRIER_PORT = 5090
