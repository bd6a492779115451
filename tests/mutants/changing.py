"""Mutants of a module: one small change of its syntax tree each.

Rules: what a change cannot alter is left alone (annotations, texts of documentation, `__all__`, f-strings); the mutants of a text
are the same ones in the same order each time; a mutant says its place and shows the lines before and after.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["Mutant", "mutants_of", "tree_of"]

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
NAMES = {"max": "min", "min": "max", "any": "all", "all": "any", "bisect_left": "bisect_right", "bisect_right": "bisect_left"}
LEFT_ALONE = ("annotation", "returns")


@dataclass(frozen=True)
class Mutant:
    """`node`: the place of the changed node among those of the tree; `what`: the change; `line`: in the file."""

    file: str
    node: int
    what: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.what}"


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that may be changed, in the order of the text."""
    yield tree
    for name, value in ast.iter_fields(tree):
        if name in LEFT_ALONE:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.JoinedStr) or not isinstance(child, ast.AST) or is_text(child) or is_all(child):
                continue
            yield from nodes(child)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def is_all(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)


def changes(node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    """(what is changed, the change) for one node. A change is made in place."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            for other in SWAPS.get(type(op), ()):
                yield f"{type(op).__name__} to {other.__name__}", lambda i=i, other=other: node.ops.__setitem__(i, other())
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign):
        for other in SWAPS.get(type(node.op), ()):
            yield f"{type(node.op).__name__} to {other.__name__}", lambda other=other: setattr(node, "op", other())
    elif isinstance(node, ast.Constant):
        if node.value is True or node.value is False:
            yield f"{node.value} to {not node.value}", lambda: setattr(node, "value", not node.value)
        elif type(node.value) is int:
            yield f"{node.value} to {node.value + 1}", lambda: setattr(node, "value", node.value + 1)
            yield f"{node.value} to {node.value - 1}", lambda: setattr(node, "value", node.value - 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
        yield f"{node.func.id} to {NAMES[node.func.id]}", lambda: setattr(node.func, "id", NAMES[node.func.id])
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "a filter is dropped", lambda: node.ifs.pop()
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield from of_test(node)
    elif isinstance(node, ast.Return) and node.value is not None and not is_none(node.value):
        yield "returns None", lambda: setattr(node, "value", ast.Constant(None))
    elif isinstance(node, ast.For) and len(node.body) > 0:
        yield "only the first turn", lambda: node.body.append(ast.Break())


def of_test(node: ast.If | ast.IfExp | ast.While) -> Iterator[tuple[str, Callable[[], None]]]:
    test = node.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield "not is dropped", lambda: setattr(node, "test", test.operand)
    elif not isinstance(test, ast.Compare | ast.Constant):
        yield "the condition is turned round", lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))
    if isinstance(node, ast.If):
        # not the constant False: the compiler would drop what stands below, and with it the places of other code
        never = ast.Compare(ast.Constant(0), [ast.Gt()], [ast.Constant(1)])
        yield "never", lambda: setattr(node, "test", never)


def is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def removals(body: list[ast.stmt]) -> Iterator[tuple[int, str]]:
    """Statements that can go without a name being missed at once."""
    for i, s in enumerate(body):
        if isinstance(s, ast.Expr) and not is_text(s):
            yield i, "a statement is removed"
        elif isinstance(s, ast.AugAssign | ast.Continue | ast.Raise | ast.Delete):
            yield i, f"{type(s).__name__} is removed"
        elif isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Attribute | ast.Subscript):
            yield i, "an assignment is removed"


def all_changes(tree: ast.AST) -> Iterator[tuple[int, ast.AST, str, int, Callable[[], None]]]:
    """(place, node, what, line, change), line by line."""
    for n, node in enumerate(nodes(tree)):
        line = getattr(node, "lineno", 0)
        for what, change in changes(node):
            yield n, node, what, line, change
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                for i, what in removals(body):
                    yield (
                        n,
                        body[i],
                        f"{what} ({name} {i})",
                        body[i].lineno,
                        lambda body=body, i=i: body.__setitem__(i, ast.Pass()),
                    )


def mutants_of(file: str, text: str) -> list[Mutant]:
    tree = ast.parse(text)
    lines = {n: getattr(x, "lineno", 0) for n, x in enumerate(nodes(tree))}
    found = []
    for n, _, what, line, _ in all_changes(tree):
        found.append(Mutant(file, n, what, line or lines.get(n, 0)))
    return list(dict.fromkeys(found))


def tree_of(text: str, mutant: Mutant) -> tuple[ast.Module, str]:
    """The changed tree, and the lines before and after."""
    tree = ast.parse(text)
    for n, node, what, _, change in all_changes(tree):
        if (n, what) == (mutant.node, mutant.what):
            before = ast.unparse(statement_with(tree, node)).splitlines()
            inside = statement_with(tree, node)
            parent = body_with(tree, inside)
            change()
            after = ast.unparse(parent[0][parent[1]]).splitlines()
            ast.fix_missing_locations(tree)
            shown = [
                x for x in difflib.unified_diff(before, after, lineterm="", n=0) if x[:3] not in ("---", "+++") and x[:2] != "@@"
            ]
            return tree, "\n".join(shown)
    raise ValueError(f"{mutant}: no such mutant in this text")


def body_with(tree: ast.AST, statement: ast.stmt) -> tuple[list[ast.stmt], int]:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and any(s is statement for s in body):
                return body, next(i for i, s in enumerate(body) if s is statement)
    raise ValueError("a statement outside of everything")


def statement_with(tree: ast.AST, node: ast.AST) -> ast.stmt:
    """The innermost statement that holds a node."""
    found: ast.stmt | None = None
    stack: list[tuple[ast.AST, ast.stmt | None]] = [(tree, None)]
    while stack:
        here, inside = stack.pop()
        inside = here if isinstance(here, ast.stmt) else inside
        if here is node:
            found = inside
            break
        stack += [(child, inside) for child in ast.iter_child_nodes(here)]
    if found is None:
        raise ValueError("a node outside of every statement")
    return found
