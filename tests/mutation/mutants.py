"""Small changes to a module, one at a time: each is a bug that some test should notice.

Source in, changed syntax trees out. What is left alone: annotations, docstrings, patterns,
asserts (they state what cannot be), and the plain names of a class (slots, values of enums).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from attrs import define, frozen


@frozen
class Mutant:
    """One change to one module."""

    module: str
    number: int
    """Which change of the module it is; the same as long as the module is."""
    line: int
    operator: str
    before: str
    after: str

    def __str__(self) -> str:
        where = f"{self.module}:{self.line}"
        return f"{where} {self.operator}: {_short(self.before)} -> {_short(self.after)}"


@define(eq=False)
class Edit:
    """Something else in one place of a tree."""

    operator: str
    owner: ast.AST
    field: str
    place: int | None
    new: object
    shown: ast.AST
    """The statement or condition of which a person sees the text before and after."""

    def swap(self) -> None:
        """Make the change; or undo it, if it was made."""
        if self.place is None:
            old = getattr(self.owner, self.field)
            setattr(self.owner, self.field, self.new)
        else:
            values = getattr(self.owner, self.field)
            old, values[self.place] = values[self.place], self.new
        self.new = old

    def texts(self) -> tuple[str, str]:
        before = _text(self.shown)
        self.swap()
        if self.new is self.shown:
            new = getattr(self.owner, self.field)
            after = _text(new if self.place is None else new[self.place])
        else:
            after = _text(self.shown)
        self.swap()
        return before, after


Kinds: TypeAlias = dict[type[ast.AST], type[ast.AST]]

COMPARISONS: Kinds = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: Kinds = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
BOOLEAN: Kinds = {ast.And: ast.Or, ast.Or: ast.And}
STATES = ("RUNNING", "DOWN", "RESTARTING", "WAITING", "HELD", "NEEDS_OPERATOR")
BLOCKS = (
    *(ast.Module, ast.ClassDef, ast.FunctionDef),
    *(ast.If, ast.For, ast.While, ast.Match, ast.match_case),
)
"""What holds statements; each of those, or the condition before them, is shown alone."""
LEFT_ALONE = {"annotation", "returns", "decorator_list", "bases", "targets", "pattern"}


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Return all changes to *source*."""
    return [
        Mutant(module, number, edit.shown.lineno, edit.operator, *edit.texts())  # type: ignore[attr-defined]  # what is shown has a place
        for number, edit in enumerate(_edits(ast.parse(source)))
    ]


def mutated(source: str, number: int) -> ast.Module:
    """Return the tree of *source* with change *number* made."""
    tree = ast.parse(source)
    list(_edits(tree))[number].swap()
    return ast.fix_missing_locations(tree)


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def _edits(tree: ast.Module) -> list[Edit]:
    # All of them before any is made: making one must not move the others.
    return list(_inside(tree, tree))


def _inside(owner: ast.AST, shown: ast.AST) -> Iterator[Edit]:
    for field, value in ast.iter_fields(owner):
        if field in LEFT_ALONE:
            continue
        listed = isinstance(value, list)
        for place, node in enumerate(value if listed else [value]):
            if isinstance(node, ast.AST) and not _is_left_alone(owner, node):
                # A statement that holds others is too long to be shown: its condition is.
                of = node if isinstance(owner, BLOCKS) else shown
                yield from _instead(owner, field, place if listed else None, node, of)
                yield from _within(node, of)
                yield from _inside(node, of)


def _is_left_alone(owner: ast.AST, node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Constant()) | ast.Assert() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(ast.Call(ast.Name("assert_never"))):
            return True
        case ast.Assign():
            return isinstance(owner, ast.ClassDef)
        case ast.AnnAssign(annotation=ast.Name("TypeAlias")):
            return True
        case ast.If(ast.Name("TYPE_CHECKING")) | ast.JoinedStr() | ast.arguments():
            return True
        case _:
            return False


def _instead(
    owner: ast.AST, field: str, place: int | None, node: ast.AST, shown: ast.AST
) -> Iterator[Edit]:
    """Yield what may stand where *node* does."""

    def edit(operator: str, new: ast.AST) -> Edit:
        return Edit(operator, owner, field, place, new, shown)

    if isinstance(node, ast.stmt) and _can_go(node):
        yield edit("delete", ast.Pass())
    # A single comparison, or a `not`, is negated by what comes below.
    by_itself = isinstance(node, ast.UnaryOp) or (
        isinstance(node, ast.Compare) and len(node.ops) == 1
    )
    if (
        field in ("test", "guard", "ifs")
        and isinstance(node, ast.expr)
        and not by_itself
    ):
        yield edit("negate", ast.UnaryOp(ast.Not(), node))
    match node:
        case ast.expr() if isinstance(owner, ast.Return) and not _is_empty(node):
            yield edit("return", ast.Constant(None))
        case ast.UnaryOp(ast.Not(), operand):
            yield edit("drop not", operand)
        case ast.Attribute(ast.Name("ChildState") as states, name):
            other = STATES[(STATES.index(name) + 1) % len(STATES)]
            yield edit("state", ast.Attribute(states, other, ast.Load()))
        case _:
            pass


def _within(node: ast.AST, shown: ast.AST) -> Iterator[Edit]:
    """Yield what may change in *node* itself."""
    match node:
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                new = COMPARISONS[type(op)]()
                yield Edit("comparison", node, "ops", place, new, shown)
        case ast.BoolOp(op=op):
            yield Edit("boolean", node, "op", None, BOOLEAN[type(op)](), shown)
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in ARITHMETIC:
            yield Edit("arithmetic", node, "op", None, ARITHMETIC[type(op)](), shown)
        case ast.Constant(value=bool(value)):
            yield Edit("constant", node, "value", None, not value, shown)
        case ast.Constant(value=int(value) | float(value)):
            yield Edit("constant", node, "value", None, value + 1, shown)
        case ast.Constant(value=str(value)):
            yield Edit("constant", node, "value", None, value + "!", shown)
        case _:
            pass


def _can_go(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr() | ast.AugAssign() | ast.Delete() | ast.Raise():
            return True
        case ast.Continue() | ast.Break() | ast.Return(value=None):
            return True
        case ast.Assign(targets=targets):
            # Without a plain name any test would fail: it is not defined.
            return not any(isinstance(t, ast.Name | ast.Tuple) for t in targets)
        case ast.AnnAssign(target=target):
            return not isinstance(target, ast.Name)
        case _:
            return False


def _is_empty(node: ast.AST) -> bool:
    """Tell whether it is as good as `None`."""
    return isinstance(node, ast.Constant) and not node.value
