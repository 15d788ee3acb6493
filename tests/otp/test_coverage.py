"""Which cases of OTP's own test suite the recorded scenarios hold.

One question for each case, or one for each part of it: is there a moment in the corpus
that shows it? Without these a corpus would be large and could still miss the point.
"""

from __future__ import annotations

import pytest

from tests.otp.moments import moments
from tests.otp.questions import (
    GROUPS,
    Question,
    X,
    answered,
    at_once,
    at_the_end,
    by_hand,
    bystander,
    comes_back,
    ends_the_loop,
    escalated,
    escalates,
    gives_up,
    ignored,
    is_forgotten,
    looping,
    new_and_failed,
    new_and_ignored,
    no_shutdown,
    not_the_last,
    other_fails,
    passes_on,
    replaced,
    rest_stays_down,
    said,
    shows_grace,
    shutdown,
    started,
    stays_below,
    stays_down,
    stops_in_reverse,
    survives_for_ever,
    temporary_bystander,
)
from tests.otp.records import CASES as BY_HAND
from tests.otp.records import CORPUS, recorded

MOMENTS = [
    moment
    for path in (CORPUS, BY_HAND)
    for record in recorded(path)
    for moment in moments(record)
]

CASES: dict[str, list[Question]] = {
    "sup_start_normal": [
        lambda m: m.op == "final" and m.events == [["stop", "root", 1, "shutdown"]],
        lambda m: m.op == "start" and any(not v["children"] for v in m.after.values()),
    ],
    "sup_start_ignore_init": [lambda m: m.replies("start_link", "ignore")],
    "sup_start_ignore_child": [
        new_and_ignored("permanent", simple=False, kept=True),
        lambda m: (
            ignored(m, started(m))
            and m.lives_on
            and m.after[m.supervisor]["children"][:1] == [[started(m), None]]
        ),
    ],
    "sup_start_ignore_temporary_child": [
        lambda m: (
            m.op == "start"
            and any(
                m.restart(name) == "temporary" and m.state(name) == "absent"
                for name in m.who("ignore")
            )
        )
    ],
    "sup_start_ignore_temporary_child_start_child": [
        new_and_ignored("temporary", simple=False, kept=False)
    ],
    "sup_start_ignore_temporary_child_start_child_simple": [
        new_and_ignored("temporary", simple=True, kept=False)
    ],
    "sup_start_ignore_permanent_child_start_child_simple": [
        new_and_ignored("permanent", simple=True, kept=False)
    ],
    "sup_start_fail": [
        lambda m: (
            m.op == "start"
            and any(e[1] == "start_link" and "error" in e[4] for e in m.of("reply"))
            and not m.after
        )
    ],
    "sup_start_child_returns_error": [new_and_failed(simple=False)],
    "sup_start_restart_child_returns_error": [
        lambda m: (
            m.op == "restart_child"
            and m.refused("restart_child", "start") == [m.step["child"]]
            and m.state(m.step["child"]) is None
        )
    ],
    "sup_start_child_returns_error_simple": [new_and_failed(simple=True)],
    "sup_start_map": [
        shows_grace(5000),
        shows_grace("infinity"),
        lambda m: bool(m.refused("get_childspec", "not_found")),
    ],
    "sup_start_map_faulty_specs": [
        lambda m: bool(m.refused("start_child", "spec")) and m.lives_on,
        lambda m: m.replies("start_child", {"error": {"spec": "missing_id"}}),
    ],
    "sup_stop_infinity": [
        at_the_end(lambda s: s.get("shutdown") == "infinity", "shutdown"),
        at_the_end(lambda s: "sup" in s, "shutdown"),
    ],
    "sup_stop_timeout": [
        at_the_end(lambda s: s.get("shutdown") == 30, "killed")
    ],
    "sup_stop_timeout_dynamic": [
        at_once(lambda s: s.get("shutdown") == 30, "killed")
    ],
    "sup_stop_brutal_kill": [
        at_the_end(lambda s: s.get("shutdown") == "brutal_kill", "killed")
    ],
    "sup_stop_brutal_kill_dynamic": [
        at_once(lambda s: s.get("shutdown") == "brutal_kill", "killed")
    ],
    "sup_stop_non_shutdown_exit_dynamic": [
        at_once(lambda s: "term_reason" in s, reason)
        for reason in ("normal", "boom", {"shutdown": "t"})
    ],
    "child_adm": [
        answered("start_child", "already_started"),
        answered("start_child", "already_present"),
        answered("terminate_child", "not_found"),
        answered("restart_child", "running"),
        answered("restart_child", "not_found"),
        answered("delete_child", "running"),
        answered("delete_child", "not_found"),
        lambda m: m.replies("delete_child", "ok"),
        lambda m: (
            m.op == "terminate_child"
            and m.replies("terminate_child", "ok")
            and not m.of("stop")
            and m.strategy != "simple_one_for_one"
        ),
        lambda m: bool(m.of("noproc", "root")),
    ],
    "child_adm_simple": [
        answered("terminate_child", "simple_one_for_one"),
        answered("restart_child", "simple_one_for_one"),
        answered("delete_child", "simple_one_for_one"),
        lambda m: (
            m.op == "terminate_child"
            and "name" in m.step
            and m.replies("terminate_child", "ok")
            and not m.of("stop")
        ),
    ],
    "child_specs": [
        *(
            said("start_child", tag)
            for tag in (
                "invalid_restart_type",
                "invalid_shutdown",
                "invalid_child_type",
                "missing_id",
            )
        ),
        said("start_link", "duplicate_child_name"),
        said("start_link", "bad_start_spec"),
    ],
    "child_specs_map": [
        said("start_child", "invalid_significant"),
        said("start_child", "'restart': 'permanent', 'significant'"),
        said("start_child", "'auto_shutdown': 'never', 'significant'"),
    ],
    "sup_flags": [
        said("start_link", f"'supervisor_data': {{'{tag}'")
        for tag in (
            "invalid_strategy",
            "invalid_intensity",
            "invalid_period",
            "invalid_auto_shutdown",
        )
    ],
    "permanent_normal": [comes_back("permanent", "normal")],
    "transient_normal": [stays_down("transient", "normal")],
    "temporary_normal": [is_forgotten("temporary", "normal")],
    "permanent_shutdown": [
        comes_back("permanent", "shutdown"),
        comes_back("permanent", X),
    ],
    "transient_shutdown": [
        stays_down("transient", "shutdown"),
        stays_down("transient", X),
    ],
    "temporary_shutdown": [
        is_forgotten("temporary", "shutdown"),
        is_forgotten("temporary", X),
    ],
    "faulty_application_shutdown": [
        said("start_link", "failed_to_start_child")
    ],
    "permanent_abnormal": [comes_back("permanent", "boom", "killed")],
    "transient_abnormal": [comes_back("transient", "boom", "killed")],
    "temporary_abnormal": [is_forgotten("temporary", "boom", "killed")],
    "temporary_bystander": [temporary_bystander(strategy) for strategy in GROUPS],
    "multiple_restarts": [survives_for_ever],
    "one_for_one": [replaced("one_for_one"), gives_up("one_for_one")],
    "one_for_one_escalation": [escalates("one_for_one")],
    "one_for_all": [replaced("one_for_all"), gives_up("one_for_all")],
    "one_for_all_escalation": [escalates("one_for_all")],
    "one_for_all_other_child_fails_restart": [
        other_fails(
            "one_for_all",
            lambda a, b: [("stop", a), ("start", a), ("start", b)],
        )
    ],
    "simple_one_for_one": [
        lambda m: (
            m.strategy == "simple_one_for_one"
            and m.op == "crash"
            and len(m.before.get(m.supervisor, {"children": []})["children"]) > 2
            and m.who("start") == [m.step["child"]]
        ),
        gives_up("simple_one_for_one"),
    ],
    "simple_one_for_one_shutdown": [
        at_once(lambda s: s.get("shutdown") == 30, "killed")
    ],
    "simple_one_for_one_escalation": [escalates("simple_one_for_one")],
    "rest_for_one": [replaced("rest_for_one"), gives_up("rest_for_one")],
    "rest_for_one_escalation": [escalates("rest_for_one")],
    "rest_for_one_other_child_fails_restart": [
        other_fails("rest_for_one", lambda _, b: [("start", b)])
    ],
    "nonsignificant_temporary": [
        no_shutdown("temporary", auto, *reasons)
        for auto in ("never", "any_significant", "all_significant")
        for reasons in (["normal", "shutdown", X], ["boom", "killed"])
    ],
    "nonsignificant_transient": [
        no_shutdown("transient", auto, *reasons)
        for auto in ("never", "any_significant", "all_significant")
        for reasons in (["normal", "shutdown", X], ["boom", "killed"])
    ],
    "significant_temporary": [
        by_hand("temporary"),
        shutdown("temporary", "any_significant", "boom"),
        shutdown("temporary", "any_significant", "killed"),
        shutdown("temporary", "any_significant", "normal"),
        shutdown("temporary", "all_significant", "normal", "boom"),
        not_the_last("temporary", "normal", "boom", "killed"),
    ],
    "significant_transient": [
        by_hand("transient"),
        shutdown("transient", "any_significant", "normal"),
        shutdown("transient", "all_significant", "normal", "shutdown"),
        not_the_last("transient", "normal", "shutdown"),
        lambda m: (
            m.auto == "any_significant"
            and m.is_significant(m.ended[0])
            and comes_back("transient", "boom", "killed")(m)
        ),
    ],
    "significant_bystander": [bystander],
    "significant_escalation": [passes_on(True), passes_on(False)],
    "tree": [stays_below, escalated],
    "count_restarting_children": [
        lambda m: m.strategy == "simple_one_for_one"
        and any(
            e[1] == "count_children" and e[4][1] < e[4][3]
            for e in m.of("reply")
            if isinstance(e[4], list)
        )
    ],
    "do_not_save_child_specs_for_temporary_children": [
        lambda m: (
            started(m) in m.cast.parents
            and "spec" in m.step
            and m.restart(started(m)) == "temporary"
            and m.of("start", started(m)) != []
            and m.of("start", started(m))[0][2] > 1
        ),
        lambda m: any(
            m.restart(name) != "temporary"
            for name in m.refused("start_child", "already_present")
        ),
    ],
    "hanging_restart_loop": [
        looping("one_for_one", also=answered("start_child", "already_present")),
        looping("one_for_one", also=answered("restart_child", "restarting")),
        looping("one_for_one", also=answered("delete_child", "restarting")),
        looping("one_for_one", also=said("which_children", "restarting")),
        looping("one_for_one", also=ends_the_loop),
    ],
    "hanging_restart_loop_rest_for_one": [looping("rest_for_one", also=rest_stays_down)],
    "order_of_children": [stops_in_reverse, replaced("rest_for_one")],
    "which_children": [
        lambda m: m.op == "which_children" and len(m.of("reply")[0][4]) > 2
    ],
    "which_children_simple_one_for_one": [
        lambda m: m.op == "which_children" and m.strategy == "simple_one_for_one"
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_corpus_shows_it(case: str) -> None:
    missing = [
        number
        for number, question in enumerate(CASES[case])
        if not any(question(moment) for moment in MOMENTS)
    ]
    assert missing == []
