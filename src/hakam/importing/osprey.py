"""Osprey SML: rules in a subset of Python, spread over files that import and require each other.

Carried over: `Rule` and `WhenRules`, `JsonData` and `EntityJson`, comparisons, `and/or/not/in`, arithmetic, the text
functions in use, labels with their expiry, `Require` with `require_if`. The rest is reported with its line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from hakam.importing.carried import MALFORMED, Draft, Imported, UnsupportedError, reason
from hakam.importing.conditions import folded, found, is_plain, quoted, translated, whole_word
from hakam.importing.packing import Pack

_TEXTS = {"text", "message", "content", "body"}
_AUTHORS = {"user_id", "did", "author_id", "account_id", "user.id", "author.id", "account.id", "sender.id"}
_ITEMS = {"post_id", "item_id", "message_id", "comment_id", "post.id", "item.id", "message.id", "comment.id"}
_KINDS = {"list": "texts", "str": "text", "int": "number", "float": "number", "bool": "boolean"}
_SIGNS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
          ast.NotIn: "not in"}  # fmt: skip
_MATHS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_SPAN = {"weeks": "w", "days": "d", "hours": "h", "minutes": "m", "seconds": "s"}
_LONGEST = "30d"
_OF = "@"  # between a name that is of one file alone and that file


class _Defined(NamedTuple):
    file: str
    node: ast.expr
    kind: str


class _Required(NamedTuple):
    by: str
    file: str
    condition: ast.expr | None


def read(files: dict[str, str], name: str = "osprey") -> Imported:
    """Return the pack made of SML files, by path. Paths are as `Require` and `Import` name them."""
    return _Reader(Pack(name), files).read()


def _call(node: ast.AST, *names: str) -> dict[str, ast.expr] | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
        return {keyword.arg or "": keyword.value for keyword in node.keywords}
    return None


class _Reader:
    def __init__(self, pack: Pack, files: dict[str, str]) -> None:
        self.pack, self.files = pack, files
        self.names: dict[str, _Defined] = {}
        self.rules: dict[str, _Defined] = {}
        self.effects: list[tuple[str, ast.Call]] = []
        self.requires: list[_Required] = []
        self.needed: dict[str, ast.expr | None] = {}  # the condition under which a file is read
        self.labels: set[tuple[str, str]] = set()  # that some rule adds: (on, label)
        self.notes: list[str] = []
        self.ids: dict[str, str] = {}

    def read(self) -> Imported:
        """Read all files, then make each rule."""
        for file, text in self.files.items():
            self._file(file, text)
        for number, name in enumerate(self.rules, 1):
            self.ids[name] = self.pack.id_of(_dashed(name.partition(_OF)[0]), number)
        for _, effect in self.effects:
            for act in _elements(_call(effect, "WhenRules"), "then"):
                self._note_label(act)
        for file, effect in self.effects:
            self._check_effect(file, effect)
        for name, rule in self.rules.items():
            self._rule(name, rule)
        return self.pack.finish()

    def _file(self, file: str, text: str) -> None:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            self.pack.leave_out(file, getattr(error, "lineno", 1) or 1, file, f"can't be read: {error}")
            return
        for name in ast.walk(tree):
            if isinstance(name, ast.Name) and name.id.startswith("_"):
                name.id += f"{_OF}{file}"  # a name that is of its file alone
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                kind = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
                if isinstance(target, ast.Name):
                    self._define(target.id, _Defined(file, node.value, kind), node.lineno)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._statement(file, node.value)
            else:
                self.pack.leave_out(
                    file, node.lineno, ast.unparse(node)[:80], "no statement of SML that is known here"
                )

    def _define(self, name: str, defined: _Defined, line: int) -> None:
        """Take a name, which all files share. Where two define it otherwise, the first holds."""
        before = self.rules.get(name) or self.names.get(name)
        if before is not None:
            if ast.dump(before.node) != ast.dump(defined.node):
                place = f"{before.file}:{before.node.lineno}"
                self.pack.leave_out(defined.file, line, name, f"the name is defined before, in {place}")
            return
        into = self.rules if _call(defined.node, "Rule") is not None else self.names
        into[name] = defined

    def _statement(self, file: str, node: ast.Call) -> None:
        wanted = _call(node, "Require")
        if wanted is not None:
            path, condition = wanted.get("rule"), wanted.get("require_if")
            if isinstance(path, ast.Constant) and path.value not in self.files:
                self.pack.leave_out(
                    file, node.lineno, ast.unparse(node)[:80], "the file is not among those given"
                )
            elif isinstance(path, ast.Constant):
                self.requires.append(_Required(file, str(path.value), condition))
            elif isinstance(path, ast.JoinedStr) and (meant := list(_meant(path, self.files))):
                self.requires += [
                    _Required(file, one, _all([*named, *([condition] if condition else [])]))
                    for one, named in meant
                ]
            else:
                self.pack.leave_out(
                    file, node.lineno, ast.unparse(node)[:80], "a path that is worked out at run time"
                )
        elif _call(node, "WhenRules") is not None:
            self.effects.append((file, node))
        elif _call(node, "Import") is None:
            self.pack.leave_out(
                file, node.lineno, ast.unparse(node)[:80], "no statement of SML that is known here"
            )

    def _need(self, file: str) -> ast.expr | None:
        """Return when a file is read: in one of the ways in which others require it. `None` is always."""
        if file not in self.needed:
            self.needed[file] = None  # for files that require each other in a circle
            ways = [
                _all([one for one in (self._need(required.by), required.condition) if one is not None])
                for required in self.requires
                if required.file == file
            ]
            given = [way for way in ways if way is not None]
            if given and len(given) == len(ways):
                self.needed[file] = given[0] if len(given) == 1 else ast.BoolOp(ast.Or(), given)
        return self.needed[file]

    def _check_effect(self, file: str, effect: ast.Call) -> None:
        """Report what of a `WhenRules` no rule gets."""
        given = _call(effect, "WhenRules") or {}
        if effect.args or set(given) - {"rules_any", "then"}:
            self.pack.leave_out(
                file, effect.lineno, ast.unparse(effect)[:80], "a form of `WhenRules` that is not known"
            )
        for one in _elements(given, "rules_any"):
            if not isinstance(one, ast.Name) or one.id not in self.rules:
                self.pack.leave_out(
                    file, one.lineno, ast.unparse(one)[:80], "no rule of this name is defined"
                )

    def _note_label(self, act: ast.expr) -> None:
        given = _call(act, "LabelAdd")
        if given is not None:
            try:
                self.labels.add((self._on(given.get("entity")), _constant(self._named(given.get("label")))))
            except UnsupportedError:
                return

    # Rules

    def _rule(self, name: str, rule: _Defined) -> None:
        self.notes = []
        given = _call(rule.node, "Rule") or {}
        about = given.get("description")
        said = str(about.value) if isinstance(about, ast.Constant) else name
        try:
            if (
                not isinstance(rule.node, ast.Call)
                or rule.node.args
                or set(given) - {"when_all", "description"}
            ):
                raise UnsupportedError("a `Rule` with more than `when_all` and `description`")
            if not isinstance(given.get("when_all"), ast.List):
                raise UnsupportedError("`when_all` is no list of conditions")
            needed, parts = self._need(rule.file), _elements(given, "when_all")
            if isinstance(needed, ast.BoolOp) and isinstance(needed.op, ast.And):
                parts = [*needed.values, *parts]
            elif needed is not None:
                parts = [needed, *parts]
            when = "\nand ".join(dict.fromkeys(self._condition(part) for part in parts))
            if not when:
                self.pack.leave_out(
                    rule.file, rule.node.lineno, f"{name}: {said}", "a rule without conditions"
                )
                return
            then = self._effects_of(name)
        except MALFORMED as error:
            self.pack.leave_out(rule.file, rule.node.lineno, f"{name}: {said}", reason(error))
            return
        self.pack.add(
            Draft(self.ids[name], when, then, f"{name}: {said}", rule.file, rule.node.lineno, self.notes)
        )

    def _effects_of(self, name: str) -> list[str]:
        then: list[str] = []
        for _, effect in self.effects:
            given = _call(effect, "WhenRules")
            if any(isinstance(one, ast.Name) and one.id == name for one in _elements(given, "rules_any")):
                then += [self._effect(act) for act in _elements(given, "then")]
        if not [act for act in then if not act.startswith("'mark(")]:
            then.append('review(queue="imported")')
            self.notes.append("it has no effect there but labels; a review is asked for here")
        return list(dict.fromkeys(then))

    def _effect(self, act: ast.expr) -> str:
        given = _call(act, "LabelAdd")
        if given is None:
            what = (
                act.func.id
                if isinstance(act, ast.Call) and isinstance(act.func, ast.Name)
                else ast.unparse(act)
            )
            self.notes.append(f"the effect `{what}` asks for a person here; choose a measure")
            return 'review(queue="imported")'
        if "apply_if" in given:
            raise UnsupportedError("`LabelAdd` with `apply_if`: a rule here marks whenever it fires")
        if "delay_action_by" in given:
            self.notes.append("the label came later there; the mark is set at once here")
        life = self._life(given.get("expires_after"))
        label = _dashed(_constant(self._named(given.get("label"))))
        return f"""'mark("{label}", on="{self._on(given.get("entity"))}", expires="{life}")'"""

    def _life(self, node: ast.expr | None) -> str:
        given = _call(node, "TimeDelta") if node is not None else None
        if given:
            parts = [(unit, given[key]) for key, unit in _SPAN.items() if key in given]
            if all(isinstance(value, ast.Constant) for _, value in parts):
                return "".join(
                    f"{value.value!r}{unit}" for unit, value in parts if isinstance(value, ast.Constant)
                )
        self.notes.append(f"the label has no end there; the mark lives {_LONGEST} here")
        return _LONGEST

    def _on(self, node: ast.expr | None) -> str:
        path = self._value(node) if node is not None else ""
        if path in {"author.id", "item.id"}:
            return path.partition(".")[0]
        raise UnsupportedError(
            f"a label on `{ast.unparse(node) if node else ''}`, which is neither author nor item"
        )

    # Conditions and values

    def _condition(self, node: ast.expr) -> str:
        if isinstance(node, ast.BoolOp):
            word = " and " if isinstance(node.op, ast.And) else " or "
            return f"({word.join(map(self._condition, node.values))})"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return f"not {self._condition(node.operand)}"
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Name) and node.id in self.rules:
            return f'rule("{self.ids[node.id]}")'
        if isinstance(node, ast.Name) and node.id in self.names and not _reads(self.names[node.id].node):
            return self._condition(self.names[node.id].node)
        return self._value(node)

    def _comparison(self, node: ast.Compare) -> str:
        left, right, op = node.left, node.comparators[0], node.ops[0]
        if len(node.ops) > 1:
            raise UnsupportedError(f"a chain of comparisons: `{ast.unparse(node)[:60]}`")
        if isinstance(right, ast.Constant) and right.value is None:
            known = f"known({self._value(left)})"
            return f"not {known}" if isinstance(op, ast.Eq | ast.Is) else known
        sign = _SIGNS.get(type(op))
        if sign is None:
            raise UnsupportedError(f"the comparison `{ast.unparse(node)[:60]}`")
        return f"{self._value(left)} {sign} {self._value(right)}"

    def _value(self, node: ast.expr) -> str:  # noqa: PLR0911 -- one for each kind of node
        if isinstance(node, ast.Constant):
            return quoted(node.value) if isinstance(node.value, str) else repr(node.value)
        if isinstance(node, ast.List):
            return f"[{', '.join(map(self._value, node.elts))}]"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return f"-{self._value(node.operand)}"
        if isinstance(node, ast.BinOp) and type(node.op) in _MATHS:
            return f"({self._value(node.left)} {_MATHS[type(node.op)]} {self._value(node.right)})"
        if isinstance(node, ast.Name) and node.id in self.names:
            defined = self.names[node.id]
            read = _call(defined.node, "JsonData", "EntityJson", "GetActionName", "GetActionId")
            return self._field(node.id, defined, read) if read is not None else self._value(defined.node)
        if isinstance(node, ast.Name):
            raise UnsupportedError(f"`{node.id}`, which nothing defines")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            read = _call(node, "JsonData", "EntityJson", "GetActionName", "GetActionId")
            if read is not None:
                path = _constant(read.get("path")) if "path" in read else node.func.id
                return self._field(path.rsplit(".", 1)[-1], _Defined("", node, ""), read)
            return self._function(node, node.func.id)
        raise UnsupportedError(f"`{ast.unparse(node)[:60]}`")

    def _field(self, name: str, defined: _Defined, read: dict[str, ast.expr]) -> str:
        path = _constant(read["path"]) if "path" in read else ""
        last = path.rsplit(".", 1)[-1]
        owned = ".".join(path.removeprefix("$").strip(".").split(".")[-2:])
        if last in _TEXTS:
            self.notes.append(f"`{path}` is read as `item.text`")
            return "item.text"
        for known, ours in ((_AUTHORS, "author.id"), (_ITEMS, "item.id")):
            if last in known or owned in known:
                self.notes.append(f"`{path}` is read as `{ours}`")
                return ours
        kind = next((ours for theirs, ours in _KINDS.items() if theirs in defined.kind.lower()), "text")
        field = self.pack.declared(_dashed(name.partition(_OF)[0]).replace("-", "_"), kind)
        self.notes.append(f"the platform sends `{field}` ({path or name})")
        return field

    def _function(self, node: ast.Call, name: str) -> str:  # noqa: PLR0911 -- one for each function
        given = _call(node, name) or {}
        first = next((given[key] for key in ("text", "target", "s", "value", "list") if key in given), None)
        if name == "HasLabel":
            return self._has_label(given)
        if first is None:
            raise UnsupportedError(f"the function `{name}`")
        field = self._value(first)
        if name == "TextContains":
            phrase, cased = _constant(self._named(given.get("phrase"))), _is_true(given.get("case_sensitive"))
            if is_plain(phrase) and not cased:
                return f"word({folded(field)}, {quoted(phrase)})"
            if not (re.match(r"\w", phrase) and re.search(r"\w$", phrase)):
                self.notes.append(
                    "a phrase that begins or ends with a sign is found only right beside a letter there"
                )
            return found(field, whole_word(phrase), case=cased)
        if name == "RegexMatch":
            pattern, notes = translated(_constant(self._named(given.get("pattern"))))
            self.notes += notes
            return found(field, pattern, case=not _is_true(given.get("case_insensitive")))
        if name in {"StringLength", "ListLength"}:
            return f"len({field})"
        if name in {"StringStartsWith", "StringEndsWith"}:
            ends = name == "StringEndsWith"
            return f"{'ends' if ends else 'starts'}_with({field}, {self._value(given['end' if ends else 'start'])})"
        if name == "StringToLower":
            self.notes.append("folding does more than lower case")
            return folded(field)
        raise UnsupportedError(f"the function `{name}`")

    def _named(self, node: ast.expr | None) -> ast.expr | None:
        """Return what a name stands for, if that is a constant."""
        defined = self.names.get(node.id) if isinstance(node, ast.Name) else None
        return defined.node if defined is not None and isinstance(defined.node, ast.Constant) else node

    def _has_label(self, given: dict[str, ast.expr]) -> str:
        label, on = _constant(self._named(given.get("label"))), self._on(given.get("entity"))
        if set(given) - {"entity", "label"}:
            raise UnsupportedError("`HasLabel` with more than an entity and a label")
        if (on, label) in self.labels:
            return f'marked("{_dashed(label)}", on="{on}")'
        self.notes.append(f"no rule adds the label `{label}`; the platform sends it with the {on}")
        return f"{quoted(label)} in {on}.labels"


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _all(conditions: list[ast.expr]) -> ast.expr | None:
    """Return the condition that all hold, flat, `None` for none."""
    flat: list[ast.expr] = []
    for one in conditions:
        flat += one.values if isinstance(one, ast.BoolOp) and isinstance(one.op, ast.And) else [one]
    return ast.BoolOp(ast.And(), flat) if len(flat) > 1 else next(iter(flat), None)


def _meant(path: ast.JoinedStr, files: dict[str, str]) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield each file that a path with names in braces can mean, and what those names are then."""
    names = [part.value for part in path.values if isinstance(part, ast.FormattedValue)]
    pattern = "".join(
        "(.+)" if isinstance(part, ast.FormattedValue) else re.escape(_constant(part)) for part in path.values
    )
    for file in files:
        if match := re.fullmatch(pattern, file):
            pairs = zip(names, match.groups(), strict=True)
            yield file, [ast.Compare(name, [ast.Eq()], [ast.Constant(value)]) for name, value in pairs]


def _reads(node: ast.expr) -> bool:
    return _call(node, "JsonData", "EntityJson", "GetActionName", "GetActionId") is not None


def _elements(given: dict[str, ast.expr] | None, key: str) -> list[ast.expr]:
    node = (given or {}).get(key)
    return list(node.elts) if isinstance(node, ast.List) else []


def _constant(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise UnsupportedError(f"`{ast.unparse(node)[:60] if node else ''}`, where a text in quotes is needed")


def _dashed(name: str) -> str:
    apart = "".join(
        f"-{char}" if char.isupper() and n and not name[n - 1].isupper() else char
        for n, char in enumerate(name)
    )
    return "-".join(part for part in apart.lower().replace("_", "-").replace(" ", "-").split("-") if part)
