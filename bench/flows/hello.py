"""The smallest flow: one step."""

from penstock import flow, step


@step
def greet() -> str:
    return "hello"


@flow
def hello() -> None:
    print(greet())


if __name__ == "__main__":
    hello()
