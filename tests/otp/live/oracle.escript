#!/usr/bin/env escript
%% -*- erlang -*-
%%! +S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none
%%
%% Oracle: replays JSON scenarios against the real OTP `supervisor' and prints
%% what it did.  One scenario per input line, one result per output line, in
%% input order.  See format.md for both formats.
%%
%%   escript oracle.escript [--jobs N] < scenarios.jsonl > traces.jsonl
%%
%% One scheduler (+S 1:1) is essential: exit signals to the collector and to the
%% supervisor then leave the dying process in one uninterrupted go, so the order
%% in which the collector sees things is the order in which they happened.
-module(oracle).
-mode(compile).
-export([main/1, init/1, start_worker/4, start_dyn/5, start_sup/4,
         worker_init/5, crash_init/1]).

-define(LIMIT, 120000).             % nothing sane takes longer, ms

%%% ------------------------------------------------------------------ main

main(Args) ->
    logger:set_primary_config(level, none),
    _ = [] =:= Args orelse ok,
    Jobs = jobs(Args),
    io:setopts(standard_io, [binary, {encoding, latin1}]),
    pool(Jobs, 0, 0, #{}, more).

jobs(["--jobs", N | _]) -> list_to_integer(N);
jobs([_ | T]) -> jobs(T);
jobs([]) -> 40.

%% Next = number of the next line to read, Out = number of the next to print.
pool(Jobs, Next, Out, Done, Src) ->
    case maps:take(Out, Done) of
        {Line, Done1} ->
            ok = file:write(standard_io, [Line, $\n]),
            pool(Jobs, Next, Out + 1, Done1, Src);
        error when Src =:= eof, Next =:= Out ->
            ok;
        error when Src =:= more, Next - Out - map_size(Done) < Jobs ->
            case file:read_line(standard_io) of
                {ok, L} ->
                    case string:trim(L) of
                        <<>> -> pool(Jobs, Next, Out, Done, Src);
                        Txt ->
                            Me = self(),
                            spawn(fun() -> job(Me, Next, Txt) end),
                            pool(Jobs, Next + 1, Out, Done, Src)
                    end;
                eof -> pool(Jobs, Next, Out, Done, eof)
            end;
        error ->
            receive {done, No, Line} ->
                    pool(Jobs, Next, Out, Done#{No => Line}, Src)
            end
    end.

job(Pool, No, Txt) ->
    Me = self(),
    {Pid, Mon} = spawn_monitor(fun() -> Me ! {result, self(), scenario(decode(Txt))} end),
    Res = receive
              {result, Pid, R} -> R;
              {'DOWN', Mon, process, Pid, Why} ->
                  #{name => <<"?">>, failure => iolist_to_binary(io_lib:format("~p", [Why]))}
          after ?LIMIT ->
                  exit(Pid, kill),
                  #{name => <<"?">>, failure => <<"timeout">>}
          end,
    Pool ! {done, No, iolist_to_binary(encode(Res))}.

%%% -------------------------------------------------------------- scenario

scenario(#{<<"root">> := Root, <<"steps">> := Steps} = Sc) ->
    process_flag(trap_exit, true),
    C = spawn_link(fun() -> collector(new_collector()) end),
    RootSpec = #{<<"id">> => <<"root">>, <<"sup">> => Root,
                 <<"start">> => maps:get(<<"start">>, Root, [<<"ok">>])},
    Res = start_sup(C, <<"">>, <<"root">>, RootSpec),
    call(C, {ev, [reply, start_link, <<"root">>, null, link_result(C, Res)]}),
    First = finish(C, start, []),
    Rest = [begin
                Victims = step(C, S),
                finish(C, maps:get(<<"op">>, S), Victims)
            end || S <- Steps],
    Victims = step(C, #{<<"op">> => <<"stop">>, <<"reason">> => <<"shutdown">>,
                        <<"final">> => true}),
    Last = finish(C, final, Victims),
    Trace = [First | Rest] ++ [Last],
    unlink(C), exit(C, kill),
    #{name => maps:get(<<"name">>, Sc, null), trace => Trace}.

link_result(C, {ok, Pid}) -> #{ok => call(C, {name, Pid})};
link_result(_, ignore) -> <<"ignore">>;
link_result(_, {error, R}) -> #{error => enc(R)}.

finish(C, Op, Victims) ->
    quiesce(C, 0),
    {Evs0, Orphans, Simple, Parents} = call(C, take),
    Evs = group(Evs0, Victims, Simple, Parents),
    Sups = call(C, sups),
    Snap = maps:from_list([{Id, snap(C, Id, Pid)} || {Id, Pid} <- Sups]),
    R = #{step => Op, events => Evs, tree => Snap},
    case Orphans of [] -> R; _ -> R#{orphans => lists:sort(Orphans)} end.

snap(C, Id, Pid) ->
    Ch = supervisor:which_children(Pid),
    Cnt = supervisor:count_children(Pid),
    #{children => [[I, S] || [I, S, _] <- call(C, {children, Id, Ch})],
      count => [proplists:get_value(K, Cnt) || K <- [specs, active, supervisors, workers]]}.

%% Nothing more will happen when, three rounds running, every supervisor has
%% answered a call (so its mailbox was drained up to there) and the collector
%% heard of nothing new, with no orphan and no unanswered call left.
quiesce(_, 3) -> ok;
quiesce(C, Stable) ->
    {N, Busy} = call(C, count),
    Alive = [catch gen_server:call(P, count_children, ?LIMIT) || {_, P} <- call(C, sups)],
    timer:sleep(1),
    {N2, Busy2} = call(C, count),
    Bad = [x || {'EXIT', _} <- Alive],
    case N =:= N2 andalso not Busy andalso not Busy2 andalso Bad =:= [] of
        true -> quiesce(C, Stable + 1);
        false -> quiesce(C, 0)
    end.

%% The children of a simple_one_for_one supervisor are shut down all at once:
%% the order in which they go is not defined, so it is made a bag.
group(Evs, Victims, Simple, Parents) ->
    lists:reverse(lists:foldl(
      fun([stop, S, _, _] = E, Acc) ->
              case lists:member(S, Simple) of
                  false -> [E | Acc];
                  true ->
                      Mine = fun([T, I, N, _]) when T =:= stop; T =:= terminating ->
                                     maps:get(I, Parents, none) =:= S
                                         andalso not lists:member({I, N}, Victims);
                                (_) -> false
                             end,
                      {Run, Before} = lists:splitwith(Mine, Acc),
                      case Run of
                          [_, _ | _] -> [E, [unordered, lists:sort(Run)] | Before];
                          _ -> [E | Acc]
                      end
              end;
         (E, Acc) -> [E | Acc]
      end, [], Evs)).

%%% ----------------------------------------------------------------- steps
%%% Each returns the [{Id, N}] it made die by itself.

step(C, #{<<"op">> := <<"batch">>, <<"items">> := Items} = S) ->
    SupId = maps:get(<<"sup">>, S, <<"root">>),
    case call(C, {live, SupId}) of
        none -> call(C, {ev, [noproc, SupId]}), [];
        Pid ->
            erlang:suspend_process(Pid),
            V = lists:append([item(C, SupId, Pid, I) || I <- Items]),
            erlang:resume_process(Pid),
            V
    end;
step(_, #{<<"op">> := <<"sleep">>, <<"ms">> := Ms}) ->
    timer:sleep(Ms), [];
step(C, #{<<"op">> := <<"crash">>} = I) ->
    crash(C, I);
step(C, S) ->
    SupId = maps:get(<<"sup">>, S, <<"root">>),
    case call(C, {live, SupId}) of
        none ->
            case maps:is_key(<<"final">>, S) of
                true -> ok;
                false -> call(C, {ev, [noproc, SupId]})
            end,
            [];
        Pid -> item(C, SupId, Pid, S)
    end.

item(C, _, _, #{<<"op">> := <<"crash">>} = I) -> crash(C, I);
item(C, _, Pid, #{<<"op">> := <<"stop">>} = I) ->
    R = reason(maps:get(<<"reason">>, I, <<"shutdown">>)),
    Pid ! {system, {C, make_ref()}, {terminate, R}},
    [];
item(C, SupId, Pid, #{<<"op">> := Op} = I) ->
    {Arg, Req} = request(C, SupId, Op, I),
    Tag = make_ref(),
    call(C, {expect, Tag, Op, SupId, Pid, Arg}),
    Pid ! {'$gen_call', {C, Tag}, Req},
    [].

request(C, SupId, <<"start_child">>, #{<<"spec">> := Spec}) ->
    {maps:get(<<"id">>, Spec, null), {start_child, child_spec(C, SupId, Spec)}};
request(_, _, <<"start_child">>, #{<<"name">> := Name} = I) ->
    {Name, {start_child, [Name, maps:with([<<"start">>, <<"trap">>, <<"term_ms">>,
                                           <<"term_reason">>], I)]}};
request(_, _, Op, _) when Op =:= <<"which_children">>; Op =:= <<"count_children">> ->
    {null, binary_to_atom(Op)};
request(C, _, Op, #{<<"name">> := Name}) ->            % simple_one_for_one: by pid
    case call(C, {last, Name}) of
        none -> {Name, {binary_to_atom(Op), Name}};
        Pid -> {Name, {binary_to_atom(Op), Pid}}
    end;
request(_, _, Op, #{<<"child">> := Id}) ->
    {Id, {binary_to_atom(Op), Id}}.

crash(C, #{<<"child">> := Id} = I) ->
    case call(C, {live, Id}) of
        none -> call(C, {ev, [noproc, Id]}), [];
        Pid ->
            [_, N] = call(C, {name, Pid}),
            case reason(maps:get(<<"reason">>, I)) of
                kill -> exit(Pid, kill);
                R -> Pid ! {crash, R}
            end,
            call(C, {await_down, Pid}),
            [{Id, N}]
    end.

%%% ------------------------------------------------ supervisor callback side

%% The spec given to OTP carries only the keys the scenario gives, so that
%% OTP's own defaults and checks apply.
child_spec(C, SupId, #{} = S) ->
    Start = case S of
                #{<<"sup">> := _} ->
                    {?MODULE, start_sup, [C, SupId, maps:get(<<"id">>, S, null), S]};
                _ ->
                    {?MODULE, start_worker, [C, SupId, maps:get(<<"id">>, S, null), S]}
            end,
    maps:from_list(
      [{start, Start}] ++
      [{id, V} || {<<"id">>, V} <- maps:to_list(S)] ++
      [{binary_to_atom(K), atomish(V)}
       || {K, V} <- maps:to_list(S),
          lists:member(K, [<<"restart">>, <<"shutdown">>, <<"type">>, <<"significant">>])]).

atomish(V) when is_binary(V) -> binary_to_atom(V);
atomish(V) -> V.

init({sup, C, _Id, N, #{<<"id">> := Id, <<"sup">> := Sup}, ok}) ->
    call(C, {ev, [init, Id, N]}),
    Flags = maps:from_list(
              [{binary_to_atom(K), atomish(V)}
               || {K, V} <- maps:to_list(Sup),
                  lists:member(K, [<<"strategy">>, <<"intensity">>, <<"period">>,
                                   <<"auto_shutdown">>])]),
    Kids = maps:get(<<"children">>, Sup, []),
    Specs = case maps:get(strategy, Flags, one_for_one) of
                simple_one_for_one -> [dyn_spec(C, Id, K) || K <- Kids];
                _ -> [child_spec(C, Id, K) || K <- Kids]
            end,
    {ok, {Flags, Specs}};
init({sup, _, _, _, _, ignore}) -> ignore;
init({sup, _, _, _, _, crash}) -> exit(init_crash).

dyn_spec(C, SupId, S) ->
    (child_spec(C, SupId, S))#{start => {?MODULE, start_dyn, [C, SupId, S]}}.

start_dyn(C, SupId, Template, Name, Over) ->
    start_worker(C, SupId, Name, maps:merge(Template, Over)).

plan(C, Id, SupId, S) ->
    N = call(C, {attempt, Id, SupId}),
    Starts = maps:get(<<"start">>, S, [<<"ok">>]),
    {N, binary_to_atom(lists:nth(min(N, length(Starts)), Starts))}.

fail(C, Id, N, R) -> call(C, {ev, [start_fail, Id, N, R]}).

start_worker(C, SupId, Id, S) ->
    case plan(C, Id, SupId, S) of
        {N, ok} ->
            {ok, Pid} = proc_lib:start_link(?MODULE, worker_init, [self(), C, Id, N, S]),
            call(C, {started, Id, N, Pid, worker}),
            {ok, Pid};
        {N, crash} ->
            {error, R} = proc_lib:start_link(?MODULE, crash_init, [init_crash]),
            fail(C, Id, N, enc(R)),
            {error, R};
        {N, Other} -> odd_start(C, Id, N, Other)
    end.

odd_start(C, Id, N, ignore) -> call(C, {ev, [ignore, Id, N]}), ignore;
odd_start(C, Id, N, error) -> fail(C, Id, N, start_error), {error, start_error};
odd_start(C, Id, N, raise) -> fail(C, Id, N, start_raise), erlang:error(start_raise).

start_sup(C, SupId, Id, S) ->
    case plan(C, Id, SupId, S) of
        {N, How} when How =:= ok; How =:= ignore; How =:= crash ->
            case maps:get(<<"strategy">>, maps:get(<<"sup">>, S), none) of
                <<"simple_one_for_one">> -> call(C, {simple, Id});
                _ -> ok
            end,
            case supervisor:start_link(?MODULE, {sup, C, Id, N, S#{<<"id">> => Id}, How}) of
                {ok, Pid} -> call(C, {started, Id, N, Pid, supervisor}), {ok, Pid};
                ignore -> call(C, {ev, [ignore, Id, N]}), ignore;
                {error, R} -> fail(C, Id, N, enc(R)), {error, R}
            end;
        {N, Other} -> odd_start(C, Id, N, Other)
    end.

crash_init(R) -> exit(R).

worker_init(Sup, C, Id, N, S) ->
    Trap = maps:get(<<"trap">>, S, false),
    process_flag(trap_exit, Trap),
    proc_lib:init_ack(Sup, {ok, self()}),
    receive
        {crash, R} -> exit(R);
        {'EXIT', Sup, R} ->
            call(C, {ev, [terminating, Id, N, enc(R)]}),
            case maps:get(<<"term_ms">>, S, 0) of
                <<"never">> -> receive after infinity -> ok end;
                0 -> ok;
                Ms -> timer:sleep(Ms)
            end,
            case maps:get(<<"term_reason">>, S, null) of
                null -> exit(R);
                T -> exit(reason(T))
            end
    end.

reason(#{<<"shutdown">> := X}) -> {shutdown, X};
reason(B) when is_binary(B) -> binary_to_atom(B).

%%% ------------------------------------------------------------- collector

new_collector() ->
    #{evs => [], n => 0, pids => #{}, live => #{}, last => #{}, attempts => #{},
      parents => #{}, simple => [], tags => #{}, order => [],
      orphans => #{}, lost => [], waits => []}.

call(C, Req) ->
    Ref = monitor(process, C),
    C ! {call, self(), Ref, Req},
    receive
        {Ref, Reply} -> demonitor(Ref, [flush]), Reply;
        {'DOWN', Ref, process, C, _} -> exit(no_collector)
    end.

collector(St) ->
    receive
        {call, From, Ref, {await_down, Pid}} ->
            case St of
                #{live := L, pids := P} ->
                    {Id, _, _} = maps:get(Pid, P),
                    case maps:get(Id, L, none) of
                        Pid -> collector(St#{waits := [{Pid, From, Ref} | maps:get(waits, St)]});
                        _ -> From ! {Ref, ok}, collector(St)
                    end
            end;
        {call, From, Ref, Req} ->
            {Reply, St1} = req(Req, St),
            From ! {Ref, Reply},
            collector(St1);
        {'DOWN', _, process, Pid, Reason} ->
            collector(down(Pid, Reason, St));
        {Tag, Reply} when is_map_key(Tag, map_get(tags, St)) ->
            {{Op, Sup, _, Arg}, Tags} = maps:take(Tag, maps:get(tags, St)),
            St1 = St#{tags := Tags, order := lists:delete(Tag, maps:get(order, St))},
            collector(ev([reply, Op, Sup, Arg, result(Op, Sup, Reply, St1)], St1));
        _Late ->
            collector(St)
    end.

ev(E, #{evs := Evs, n := N} = St) -> St#{evs := [E | Evs], n := N + 1}.

req({ev, E}, St) -> {ok, ev(E, St)};
req({attempt, Id, Sup}, #{attempts := A, parents := P} = St) ->
    N = maps:get(Id, A, 0) + 1,
    {N, St#{attempts := A#{Id => N}, parents := P#{Id => Sup}}};
req({simple, Id}, #{simple := S} = St) -> {ok, St#{simple := lists:usort([Id | S])}};
req({started, Id, N, Pid, Kind}, #{pids := P, live := L, last := La} = St) ->
    monitor(process, Pid),
    {ok, ev([start, Id, N], St#{pids := P#{Pid => {Id, N, Kind}},
                               live := L#{Id => Pid}, last := La#{Id => Pid}})};
req({name, Pid}, St) -> {name(Pid, St), St};
req({live, Id}, #{live := L} = St) -> {maps:get(Id, L, none), St};
req({last, Id}, #{last := L} = St) -> {maps:get(Id, L, none), St};
req({expect, Tag, Op, Sup, Pid, Arg}, #{tags := T, order := O} = St) ->
    {ok, St#{tags := T#{Tag => {Op, Sup, Pid, Arg}}, order := O ++ [Tag]}};
req(count, #{n := N, tags := T, orphans := O} = St) ->
    {{N, map_size(T) + map_size(O) > 0}, St};
req(sups, #{live := L, pids := P, orphans := O} = St) ->
    {[{Id, Pid} || {Id, Pid} <- lists:sort(maps:to_list(L)),
                   element(3, maps:get(Pid, P)) =:= supervisor,
                   not is_map_key(Pid, O)], St};
req({children, Sup, Ch}, St) -> {children(Sup, Ch, St), St};
req(take, #{evs := Evs, lost := Lost, simple := S, parents := P} = St) ->
    {{lists:reverse(Evs), Lost, S, P}, St#{evs := [], lost := []}}.

name(Pid, #{pids := P}) ->
    {Id, N, _} = maps:get(Pid, P),
    [Id, N].

down(Pid, Reason, #{pids := P, live := L, orphans := O, lost := Lost} = St0) ->
    {Id, N, Kind} = maps:get(Pid, P),
    L1 = case L of #{Id := Pid} -> maps:remove(Id, L); _ -> L end,
    St1 = St0#{live := L1},
    St2 = case maps:take(Pid, O) of
              {_, O1} ->
                  n(St1#{orphans := O1, lost := [[Id, N] | Lost]});
              error ->
                  ev([stop, Id, N, enc(Reason)],
                     case {Kind, Reason} of
                         {supervisor, killed} ->
                             New = maps:from_list([{Q, x} || {J, Q} <- maps:to_list(L1),
                                                             below(J, Id, St1)]),
                             St1#{orphans := maps:merge(O, New),
                                  live := maps:filter(fun(_, Q) -> not is_map_key(Q, New) end, L1)};
                         _ -> St1
                     end)
          end,
    %% calls the dead one never answered
    {Gone, Kept} = lists:partition(
                     fun(T) -> element(3, map_get(T, map_get(tags, St2))) =:= Pid end,
                     maps:get(order, St2)),
    St3 = lists:foldl(fun(T, S) ->
                              {Op, Sup, _, Arg} = map_get(T, map_get(tags, S)),
                              ev([reply, Op, Sup, Arg, #{error => noproc}], S)
                      end, St2, Gone),
    {Now, Later} = lists:partition(fun({Q, _, _}) -> Q =:= Pid end, maps:get(waits, St3)),
    _ = [From ! {Ref, ok} || {_, From, Ref} <- Now],
    St3#{waits := Later, order := Kept, tags := maps:without(Gone, maps:get(tags, St3))}.

n(#{n := N} = St) -> St#{n := N + 1}.

below(Id, Top, #{parents := P} = St) ->
    case P of
        #{Id := Top} -> true;
        #{Id := <<>>} -> false;
        #{Id := Up} -> below(Up, Top, St);
        _ -> false
    end.

children(Sup, Ch, #{simple := S} = St) ->
    R = [case C of
             {undefined, P, T, _} when is_pid(P) -> name(P, St) ++ [T];
             {undefined, X, T, _} -> [null, undef(X), T];
             {Id, P, T, _} when is_pid(P) -> [Id, lists:last(name(P, St)), T];
             {Id, X, T, _} -> [Id, undef(X), T]
         end || C <- Ch],
    case lists:member(Sup, S) of true -> lists:sort(R); false -> R end.

undef(undefined) -> null;
undef(X) -> X.

result(_, _, ok, _) -> <<"ok">>;
result(<<"which_children">>, Sup, L, St) when is_list(L) -> children(Sup, L, St);
result(<<"count_children">>, _, L, _) ->
    [proplists:get_value(K, L) || K <- [specs, active, supervisors, workers]];
result(<<"get_childspec">>, _, {ok, M}, _) ->
    #{ok => maps:map(fun(_, V) -> enc(V) end,
                     maps:with([restart, shutdown, type, significant], M))};
result(_, _, {ok, undefined}, _) -> #{ok => null};
result(_, _, {ok, Pid}, St) when is_pid(Pid) -> #{ok => name(Pid, St)};
result(_, _, {error, {already_started, Pid}}, St) -> #{error => #{already_started => name(Pid, St)}};
result(_, _, {error, E}, _) when E =:= already_present; E =:= not_found; E =:= running;
                                 E =:= restarting; E =:= simple_one_for_one -> #{error => E};
result(<<"start_child">>, _, {error, {R, Child}}, _) when element(1, Child) =:= child ->
    #{error => #{start => enc(R)}};
result(<<"start_child">>, Sup, {error, R}, #{simple := S}) ->
    case lists:member(Sup, S) of
        true -> #{error => #{start => enc(R)}};
        false -> #{error => #{spec => enc(R)}}
    end;
result(_, _, {error, R}, _) -> #{error => #{start => enc(R)}}.

%%% ------------------------------------------------------------------ terms

enc({'EXIT', R}) -> enc(R);
enc({failed_to_start_child, Id, R}) -> #{failed_to_start_child => [Id, enc(R)]};
enc({bad_start_spec, L}) when is_list(L) -> #{bad_start_spec => length(L)};
enc({K, V}) when is_atom(K), is_list(V), V =/= [], is_tuple(hd(V)), tuple_size(hd(V)) >= 3 -> K;
enc({K, [{_, _} | _] = L}) when is_atom(K) ->
    #{K => maps:from_list([{A, enc(B)} || {A, B} <- L])};
enc({K, V}) when is_atom(K) -> #{K => enc(V)};
enc(A) when is_atom(A); is_binary(A); is_integer(A) -> A;
enc(X) -> iolist_to_binary(io_lib:format("~0p", [X])).

%%% ------------------------------------------------------------------- JSON

encode(null) -> "null";
encode(undefined) -> "null";
encode(true) -> "true";
encode(false) -> "false";
encode(A) when is_atom(A) -> encode(atom_to_binary(A));
encode(N) when is_integer(N) -> integer_to_binary(N);
encode(B) when is_binary(B) -> [$", [esc(Ch) || <<Ch>> <= B], $"];
encode(L) when is_list(L) -> [$[, lists:join($,, [encode(X) || X <- L]), $]];
encode(M) when is_map(M) ->
    KVs = lists:sort([{key(K), V} || {K, V} <- maps:to_list(M)]),
    [${, lists:join($,, [[encode(K), $:, encode(V)] || {K, V} <- KVs]), $}].

key(K) when is_atom(K) -> atom_to_binary(K);
key(K) -> K.

esc($") -> "\\\"";
esc($\\) -> "\\\\";
esc(Ch) when Ch < 32 -> io_lib:format("\\u~4.16.0b", [Ch]);
esc(Ch) -> Ch.

decode(B) ->
    {V, Rest} = val(ws(B)),
    <<>> = ws(Rest),
    V.

ws(<<Ch, T/binary>>) when Ch =:= $\s; Ch =:= $\t; Ch =:= $\n; Ch =:= $\r -> ws(T);
ws(B) -> B.

val(<<"null", T/binary>>) -> {null, T};
val(<<"true", T/binary>>) -> {true, T};
val(<<"false", T/binary>>) -> {false, T};
val(<<$", T/binary>>) -> str(T, <<>>);
val(<<$[, T/binary>>) ->
    case ws(T) of
        <<$], R/binary>> -> {[], R};
        R -> arr(R, [])
    end;
val(<<${, T/binary>>) ->
    case ws(T) of
        <<$}, R/binary>> -> {#{}, R};
        R -> obj(R, #{})
    end;
val(B) ->
    {match, [{0, Len}]} = re:run(B, "^-?[0-9]+", [{capture, first}]),
    <<Num:Len/binary, T/binary>> = B,
    {binary_to_integer(Num), T}.

arr(B, Acc) ->
    {V, T} = val(ws(B)),
    case ws(T) of
        <<$,, R/binary>> -> arr(R, [V | Acc]);
        <<$], R/binary>> -> {lists:reverse([V | Acc]), R}
    end.

obj(B, Acc) ->
    <<$", T/binary>> = ws(B),
    {K, T1} = str(T, <<>>),
    <<$:, T2/binary>> = ws(T1),
    {V, T3} = val(ws(T2)),
    case ws(T3) of
        <<$,, R/binary>> -> obj(R, Acc#{K => V});
        <<$}, R/binary>> -> {Acc#{K => V}, R}
    end.

str(<<$", T/binary>>, Acc) -> {Acc, T};
str(<<$\\, $u, H:4/binary, T/binary>>, Acc) ->
    str(T, <<Acc/binary, (binary_to_integer(H, 16))/utf8>>);
str(<<$\\, Ch, T/binary>>, Acc) ->
    D = case Ch of $n -> $\n; $t -> $\t; $r -> $\r; $b -> $\b; $f -> $\f; X -> X end,
    str(T, <<Acc/binary, D>>);
str(<<Ch, T/binary>>, Acc) -> str(T, <<Acc/binary, Ch>>).
