"""What the gate knows of English: words, their stems and kin, and lists of words by what they do.

Tables, and a few functions to look things up in them; no rule lives here. A list of one word class
grows whenever a good sentence is refused for want of a word, or a bad one passes.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@functools.cache
def english() -> frozenset[str]:
    """The words of english.txt, all lower case; its makers and terms are in english.NOTICE."""
    file = resources.files("docbot.gate").joinpath("tables", "english.txt")
    return frozenset(file.read_text(encoding="ascii").split())


@functools.lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """What inflections of a word share: parse, parsed, parsing, parser; normalise, normalizes.

    Rough on purpose: it only ever compares stems with stems.
    """
    word = _IRREGULAR.get(word, word)
    word = re.sub(r"(?<=\w{4})is(e|es|ed|ing|er|ation)$", r"iz\1", word)  # not raise, noise
    word = re.sub(r"ies$", "y", word) if len(word) > 4 else word  # noqa: PLR2004 - not dies
    word = re.sub(r"(ss|x|z|ch|sh)es$", r"\1", word)
    word = re.sub(r"(?<=[^sui])s$", "", word)
    word = re.sub(r"ization$", "ize", word)
    for endings in ((("ing", 3), ("ed", 3)), (("ion", 4), ("er", 4), ("or", 4), ("ly", 4))):
        for ending, least in endings:
            root = word.removesuffix(ending)
            if root != word and len(root) >= least and re.search(r"[aeiouy]", root):
                word = root
                break
    word = re.sub(r"(.)\1$", r"\1", word)
    return re.sub(r"y$", "i", re.sub(r"e$", "", word)) if len(word) > 2 else word  # noqa: PLR2004


@functools.lru_cache(maxsize=16384)
def keys(word: str) -> frozenset[str]:
    """Two words mean the same when these sets meet: stems, and the numbers of synonym groups."""
    stems = {stem(word)}
    if match := re.fullmatch(r"(\w{4,})ations?", word):
        stems.add(stem(match.group(1)))
    return frozenset(stems.union(*(_groups().get(one, ()) for one in stems)))


@functools.lru_cache(maxsize=64)
def all_keys(words: frozenset[str]) -> frozenset[str]:
    """The keys of words and of what they abbreviate or run together: cfg, dirname."""
    parts = (part for word in words for part in LONG_FORMS.get(word, "").split())
    return frozenset(key for word in (*words, *parts) for key in keys(word))


def is_supported(word: str, known: frozenset[str]) -> bool:
    """Whether a word, or each word of its long form, has a key among those of the code's words."""
    if keys(word) & known:
        return True
    parts = LONG_FORMS.get(word, "").split()
    return bool(parts) and all(keys(part) & known for part in parts)


@functools.cache
def _groups() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for number, group in enumerate(SYNONYMS):
        for word in group.split():
            found.setdefault(stem(word), set()).add(str(number))
    return {root: frozenset(numbers) for root, numbers in found.items()}


@functools.cache
def light_keys() -> frozenset[str]:
    """Keys of the verbs that say next to nothing, and so need not come back in a sentence."""
    return frozenset(key for word in _LIGHT.split() for key in keys(word))


@functools.cache
def implications() -> Mapping[str, re.Pattern[str]]:
    """For the stem of each word that syntax implies, the pattern in the code that implies it."""
    return {
        stem(word): re.compile(pattern)
        for words, pattern in IMPLIED.items()
        for word in words.split()
    }


@functools.cache
def verb_stems() -> frozenset[str]:
    """The stems of `VERBS`."""
    return frozenset(map(stem, VERBS))


@functools.cache
def finite_stems() -> frozenset[str]:
    """The stems of `FINITE`."""
    return frozenset(map(stem, FINITE))


@functools.cache
def third_persons() -> Mapping[str, str]:
    """Third person to base form: tries to try."""
    found = {}
    for verb in VERBS:
        third = verb + "es" if re.search(r"(s|x|z|ch|sh|o)$", verb) else verb + "s"
        third = verb[:-1] + "ies" if re.search(r"[^aeiou]y$", verb) else third
        if third not in VERBS:
            found[third] = verb
    return found


@functools.cache
def opposites() -> Mapping[str, str]:
    """From the stem of each word of a pair of opposites to that of the other."""
    pairs = [[stem(word) for word in row.split()] for row in OPPOSITES]
    return {left: right for pair in pairs for left, right in (pair, pair[::-1])}


def word_set(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


def _pairs(rows: str) -> Mapping[str, str]:
    pairs = (row.split("=") for row in rows.split(","))
    return {left.strip(): " ".join(right.split()) for left, right in pairs}


NO_OBJECTS = word_set(
    """
    of is are was were be has have will can may should must which who
    """
)
OBJECT_STARTS = word_set(
    """
    the a an all each every any this that these its whether if up out into to from for with in on
    over true false none no it them one only new and until
    """
)
TO_VERBS = word_set(
    """
    add append apply assign attach bind broadcast cast change coerce compare compile connect convert
    copy decode delegate download encode export forward join limit link map move normalize pass
    prepend print promote publish push redirect render report reset resize resolve respond restore
    round route save scale send serialize set shift start subscribe switch transfer transform
    translate truncate turn upload write
    """
)
TO_NOUNS = word_set(
    """
    path link reference response route connection pointer access according relative prior equal
    similar attached handle added applied passed sent written converted mapped back up close belongs
    belonging tied distance
    """
)
FINITE = word_set(
    "is are was were be been has have had can does do should will exist contain equal belong "
    "satisfy appear reach need differ occur lie remain expire overlap happen fit fall succeed "
    "depend begin become go come run mean"
)
VERBLESS = word_set("to needed present possible any not so necessary none empty applicable")
DANGLING = word_set(
    """
    the a an of to for with from and or if whether that which is are as its this these into by not
    no be than when where using given between per via current new each every
    """
)
PERSONS = word_set(
    """
    i we you your yours our ours us me my mine lets he she his her him
    """
)
FLUFF = word_set(
    """
    simply basically various etc actually just very really please sure certainly stuff thing
    things helper utility efficient efficiently robust robustly powerful seamless seamlessly
    easily easy useful helpful nice properly correctly important maybe perhaps probably possibly
    might could would may must seem seems appear appears likely usually generally typically often
    sometimes note deprecated todo fixme xxx hack some many much lot lots essentially docstring
    summary description great good comprehensive convenient conveniently responsible purpose
    functionality logic functionalities here something somehow somewhat anything everything
    whatever
    """
)
PHRASES = (
    "this is",
    "kind of",
    "sort of",
    "used to",
    "in order to",
    "as needed",
    "and so on",
    "such as",
    "the same as the",
    "a list of list",
    "make sure",
    "and more",
    "as well as",
    "code snippet",
)
_LIGHT = (
    "return get is determine test perform do handle process run call invoke compute calculate make "
    "create set implement provide define"
)

VERBS = word_set(
    """
    abort accept access accumulate acquire activate adapt add adjust advance aggregate alias align
    allocate allow alter analyze annotate announce answer append apply approve approximate archive
    arrange ask assemble assert assign associate attach attempt augment authenticate authorize
    average await backup balance ban batch begin bind blend block blur bootstrap break broadcast
    browse buffer build bump bundle cache calculate calibrate call cancel canonicalize capitalize
    capture cast catch center chain change check choose chop chunk clamp classify clean clear
    click clip clone close cluster coalesce coerce collapse collect colorize combine commit
    compact compare compile complete compose compress compute concatenate condense configure
    confirm connect construct consume contain continue contract control convert convolve copy
    correct correlate count cover crawl create crop cycle deactivate debug decide declare decode
    decompose decompress decorate decrease decrement decrypt deduplicate define deflate delegate
    delete deliver demote denote deny deploy dequeue deregister derive describe deselect
    deserialize destroy detach detect determine diff digest disable discard disconnect discover
    dispatch display dispose distribute divide do dock download drag drain draw drive drop dump
    duplicate echo edit eject eliminate embed emit emulate enable encode encrypt end enforce
    enlarge enqueue enrich ensure enter enumerate erase escape establish estimate evaluate evict
    examine exchange exclude execute exit expand expect expire explain explode export expose
    extend extract factor fail fetch fill filter finalize find finish fire fit fix flag flatten
    flip flush focus fold follow force forget fork format forward free freeze fuse gather generate
    get give go grab grant group grow guarantee guess halt handle hash hide highlight hold
    identify ignore implement import include increase increment indent index indicate infer
    inflate inherit initialize inject insert inspect install instantiate integrate intercept
    interpolate interpret intersect invalidate invert invoke isolate issue iterate join jump keep
    kill label launch learn leave lift limit link list listen load locate lock log look loop lower
    make manage map mark mask match materialize maximize measure memoize merge migrate minimize
    mirror mix mock modify monitor mount move multiply mutate navigate negate normalize notify
    nudge observe obtain offset omit open optimize order orient output override overwrite pack pad
    paginate paint parse partition pass paste patch pause peek perform permute persist pick pin
    ping place plan play plot point poll pop populate post postpone predict prefix prepare prepend
    preprocess present preserve press prevent print process produce profile project promote prompt
    propagate protect provide prune publish pull purge push put query queue quit quote raise
    randomize rank read rearrange rebuild recall receive recognize recompute reconnect reconstruct
    record recover redirect redo redraw reduce refine reflect refresh refuse register reindex
    reject release reload relocate remap remember remove rename render reopen reorder reorganize
    repair repeat replace replay reply report represent reproduce request require reschedule
    reserve reset reshape resize resolve respond restart restore restrict resume retain retrieve
    retry return reuse reverse revert revoke rewind rewrite rotate round route run sample sanitize
    satisfy save scale scan schedule scrape scroll search seed seek segment select send separate
    serialize serve set shift show shrink shuffle shut sign simplify simulate skip sleep slice
    smooth snap solve sort spawn specify split square stack start stop store stream strip submit
    subscribe substitute subtract sum summarize supply support suppress suspend swap switch
    synchronize synthesize tag take tear tell terminate test tile toggle tokenize touch trace
    track train transfer transform translate transmit transpose trap traverse treat trigger trim
    truncate try tune turn unbind undo uninstall unlink unload unlock unmount unpack unregister
    unset unsubscribe unwrap update upgrade upload use validate vary verify view visit vote wait
    wake walk warn warp watch weigh wipe wrap write yield zip zoom
    """
)

NOUNS = word_set(
    """
    access alias answer archive attempt average backup balance batch block break buffer build
    bundle cache call cast center chain change check chunk click clip clone cluster commit
    complete contract control copy correct count cover cycle debug diff digest display do dock
    download draw drive drop dump duplicate edit embed end escape estimate exchange exit export
    factor fit fix flag focus fold force fork format forward free fuse grant group guess handle
    hash hide highlight hold import increase increment indent index issue join jump label launch
    limit link list load lock log look loop lower map mark mask match measure merge mirror mix
    mock monitor mount move offset open order output override pack pad paint partition pass paste
    patch pause pick pin ping place plan play plot point poll pop post prefix present press print
    process profile project prompt pull push query queue quote rank record release reply report
    request reserve reset resume reverse rotate round route run sample scale scan schedule scroll
    search seed segment set shift show sign slice smooth snap sort square stack start stop store
    stream strip sum supply support switch tag take test tile touch trace track train transfer
    transform trap treat trigger trim tune turn update upgrade upload use view visit vote wait
    walk watch zip zoom
    """
)

STOPWORDS = word_set(
    """
    the a an of to for and or in on at by with from as into onto that this these those it its is
    are be been being was were if whether when while where which who whose than then so also their
    them they itself all any both either neither each every one once after before until during
    between within through per via against about over under out up down off back again along
    across around toward towards instead not no never nothing without otherwise else unless except
    only but can cannot does do did has have had just now upon because since non rather how what
    should will there together multiple several
    """
)
FILLERS = word_set(
    """
    value values object objects instance instances item items element elements result results
    function method class input output self given specified provided passed supplied using based
    used use uses associated corresponding respective related resulting existing underlying own
    same other another argument arguments parameter parameters
    """
)
PLAIN = word_set(
    """
    current currently previous previously original existing custom single common simple raw full
    whole entire main own internal external initial final actual available required necessary
    needed related specific different particular certain appropriate readable human directly data
    information info details content contents name names type types kind form representation
    structure state context order part parts pair pairs way case extra additional
    identifier attribute format python new usage location later beginning
    containing contained contains including represented representing describing called defined found
    """
)
"""Words that claim next to nothing: a sentence may hold two that the code does not spell."""
KINDS = word_set(
    """
    string strings str list lists dict dictionary mapping tuple integer int number float boolean
    bool true false none sequence iterable iterator type
    """
)
"""Kinds of value: they must be owed to the code, and say nothing that a name leaves out."""

IMPLIED: Mapping[str, str] = {
    "or": (
        r"\b(?:if|or|and|in|is|while|except|match|bool|any|all|isinstance|get|Union|Optional)\b"
        r"|[<>!=]=| [<>] |\b(?:is|has|can)_|\.(?:starts|ends)with\b| \| "
    ),
    "if whether when unless otherwise either else": (
        r"\b(?:if|or|and|not|in|is|while|except|match|bool|any|all|isinstance)\b|[<>!=]=| [<>] "
        r"|\b(?:is|has|can)_|\.(?:starts|ends)with\b"
    ),
    "not no never nothing without unless except neither": (
        r"\b(?:not|None|False|except|else|continue)\b|!="
    ),
    "only": r"\b(?:if|filter)\b",
    "all every each any": (
        r"\b(?:for|while|all|any|map|sum|sorted|filter|join|set|max|min|values|items|keys|every)\b"
        r"|\* \w|_all\b|\ball_"
    ),
    "true false": (
        r"\b(?:True|False|bool|any|all|in|is|not|isinstance|issubclass)\b|[<>!=]=| [<>] "
        r"|\b(?:is|has|can)_|\.(?:is\w+|exists|(?:starts|ends)with)\b"
    ),
    "boolean bool": r"\bbool\b",
    "none": r"\bNone\b",
    "list": r"\b[Ll]ist\b|\[ \]|\[ [^\[\]]* for |\bsorted\b|\.split(?:lines)?\b|\.readlines\b",
    "dict dictionary mapping": r"\b(?:[Dd]ict|Mapping|defaultdict)\b|\{ \}|\{ [^{}]*:",
    "tuple": r"\b[Tt]uple\b|\breturn [^\n()\[\]{}]*,",
    "string str": (
        r"\bstr\b|\w*repr\w* \(|f\"\"|\breturn \"\""
        r"|\.(?:join|format|strip|lower|upper|replace|decode|title)\b"
    ),
    "integer int": r"\bint\b",
    "float": r"\bfloat\b",
    "number count": r"\b(?:len|sum|count)\b|\+= 1\b",
    "more fewer less greater larger smaller longer shorter exceed": r" [<>]=? ",
    "first": r"\[ 0 \]|\bnext \(",
    "last": r"\[ - 1 \]",
    "empty": r"\bif not\b|\blen\b|\[ \]|\{ \}",
    "default": r"\bdefault\w*\b|\.(?:get|setdefault) \(",
    "error exception": r"\b(?:raise|except)\b|(?:Error|Exception)\b",
    "iterate loop": r"\bfor\b",
    "attempt try": r"\btry\b|\b(?:maybe|try)_",
    "set store assign register mark reset": r"[\w\]]\.\w+ (?:: [^=\n]+ )?= |\] = |\bsetattr\b",
    "enable": r" = True\b",
    "disable": r" = False\b",
    "update": r"\.\w+ [-+*/|]?= |\] [-+*/|]?= ",
    "add append": r"\.(?:append|add|insert|extend)\b|\+= | \+ ",
    "increment increase": r"\+= ",
    "decrement decrease": r"-= ",
    "remove delete": r"\bdel\b|\.(?:pop|remove|discard|unlink|rmtree|[lr]?strip)\b",
    "check": r"\b(?:if|in|is|not|isinstance|assert)\b|[<>!=]=",
    "create make build": (
        r"(?<!raise )(?<![\w.])[A-Z]\w*[a-z]\w* \(|\breturn [\[{]|\[ [^\[\]]* for |\.copy\b"
        r"|\bcls \("
    ),
    "compute calculate": (
        r"[\w)\]] [-+*/%@] [\w(]|\*\*|\b(?:sum|len|min|max|abs|round|np|math|hashlib)\b"
    ),
    "convert": (
        r"\b(?:int|str|float|list|tuple|dict|set|bytes|bool) \(|\.(?:encode|decode|astype)\b"
    ),
    "async asynchronous asynchronously": r"\b(?:async|await)\b",
    "two second": r"\b2\b|\[ 1 \]",
    "three third": r"\b3\b|\[ 2 \]",
    "zero": r"\b0\b",
}
"""What the syntax shows without naming it: words, and the pattern in `Facts.code` for them."""

SYNONYMS = (
    "get return retrieve fetch obtain give",
    "is has check whether test determine verify validate",
    "set assign update change modify",
    "to convert transform turn translate cast as coerce",
    "from create build construct load read parse",
    "make create build construct generate produce instantiate new",
    "delete remove erase discard drop unlink clear strip trim",
    "add append insert extend push register",
    "generate yield",
    "find search lookup locate look",
    "run execute call invoke perform launch",
    "show display print render draw output",
    "write save dump store persist",
    "read load import get fetch",
    "parse decode deserialize load",
    "encode serialize dump",
    "initialize setup prepare start",
    "establish connect open",
    "compute calculate evaluate",
    "send emit publish post request",
    "register connect append subscribe",
    "allow permit",
    "id identifier",
    "use usage",
    "application app",
    "begin start",
    "stop end terminate shutdown kill halt",
    "merge combine join concatenate",
    "directory folder",
    "number count length size",
    "error exception",
    "parameter argument option",
    "function callable callback",
    "item element entry",
    "contain include",
    "exist exists existence",
    "match correspond",
    "text string",
    "dictionary mapping map",
    "min minimum smallest",
    "max maximum largest",
    "average mean",
    "empty clear",
    "sum total",
    "reverse invert",
    "equal same identical",
    "sort order",
    "parent ancestor",
    "child descendant",
    "iterate loop walk traverse yield",
    "wait sleep",
)
"""Either word may stand for the other, in the code or in the sentence."""

OPPOSITES = (
    "up down", "left right", "start stop", "begin end", "enable disable", "add remove",
    "open close", "first last", "minimum maximum", "min max", "lock unlock", "encode decode",
    "connect disconnect", "dump load", "push pop", "show hide", "increase decrease",
    "increment decrement", "attach detach", "encrypt decrypt", "before after", "sync async",
    "compress decompress", "serialize deserialize", "register unregister", "allow deny",
    "subscribe unsubscribe", "acquire release", "read write", "row column", "next previous",
    "horizontal vertical", "pause resume", "parent child", "pack unpack", "mount unmount",
    "input output", "request response", "top bottom", "width height", "upper lower",
    "install uninstall", "activate deactivate", "commit rollback", "include exclude",
    "import export", "source destination", "key value", "old new", "send receive",
    "upload download", "create delete",
)  # fmt: skip
"""Words that a sentence must not swap."""

LONG_FORMS: Mapping[str, str] = _pairs(
    """
    lower=lower case, upper=upper case, abs=absolute, abspath=absolute path, addr=address,
    alloc=allocate, amt=amount, arg=argument, args=arguments, argv=argument, arr=array,
    attr=attribute, attrs=attributes, auth=authentication, avg=average, basename=base name,
    bool=boolean, buf=buffer, calc=calculate, cfg=configuration, char=character, chars=characters,
    chdir=change directory, classname=class name, cleanup=clean up, cls=class, cmd=command,
    cmp=compare, col=column,
    cols=columns, concat=concatenate, cond=condition, conf=configuration, config=configuration,
    conn=connection, const=constant, coord=coordinate, coords=coordinates, ctx=context,
    cur=current, curr=current, datetime=date time, uri=url, utcnow=utc now,
    asyncio=async, cwd=current working directory, db=database, deepcopy=deep copy,
    def=define, defaultdict=default dictionary, del=delete, deps=dependencies, desc=description,
    dest=destination, dict=dictionary, diff=difference, dir=directory, dirname=directory name,
    dirs=directories, dist=distance, div=divide, doc=document, docs=documents, dst=destination,
    elem=element, endswith=end, env=environment, err=error, eval=evaluate, exc=exception,
    exec=execute, expr=expression, ext=extension, fieldname=field name, filename=file name,
    filenames=file names, filepath=file path, fmt=format, fn=function, fname=file name, fp=file,
    fromkeys=keys, fs=file system, func=function, funcs=functions, getattr=get attribute,
    getcwd=current working directory, hasattr=attribute, hexdigest=hex digest, hostname=host name,
    idx=index, img=image, impl=implementation, info=information, init=initialize, int=integer,
    isdir=directory, isfile=file, isinstance=instance, iter=iterate, itertools=iterate,
    kwargs=keyword arguments, len=length, lib=library, listdir=list directory, loc=location,
    makedirs=make directories, max=maximum, mem=memory, min=minimum, mkdir=make directory,
    mod=module, msg=message, msgs=messages, mul=multiply, namedtuple=named tuple, neg=negate,
    num=number, obj=object, objs=objects, ops=operations, org=organization, param=parameter,
    params=parameters, pathname=path name, pkg=package, pos=position, prev=previous,
    prop=property, ptr=pointer, pwd=password, rand=random, readlines=read lines, recv=receive,
    ref=reference, refs=references, regex=regular expression, repo=repository,
    repr=representation, req=request, resp=response, ret=return, rev=reverse, rm=remove,
    rmdir=remove directory, rmtree=remove directory tree, rnd=random, sep=separator, seq=sequence,
    setattr=set attribute, setup=set up, shutdown=shut down, sleep=wait, spec=specification,
    splitlines=split lines, sqrt=square root, src=source, startswith=start, stat=statistics,
    stats=statistics, std=standard, str=string, strftime=format time, strptime=parse time,
    sub=subtract, subdir=subdirectory, sync=synchronize, sys=system, temp=temporary,
    tmp=temporary, timestamp=time stamp, tok=token, unlink=delete file, urlparse=parse url,
    usr=user, username=user name, util=utility, val=value, vals=values, var=variable,
    vars=variables, vec=vector, ver=version
    """
)

_IRREGULAR: Mapping[str, str] = _pairs(
    """
    began=begin, begun=begin, broken=break, built=build, caught=catch, children=child,
    chosen=choose, criteria=criterion, did=do, done=do, drawn=draw, drew=draw, found=find,
    frozen=freeze, given=give, gone=go, got=get, held=hold, hidden=hide, indices=index, kept=keep,
    known=know, left=leave, lost=lose, made=make, matrices=matrix, ran=run, sent=send, shown=show,
    sought=seek, sold=sell, sorted=sort, spent=spend, taken=take, took=take, thrown=throw,
    understood=understand, vertices=vertex, went=go, written=write, wrote=write, analysis=analyze,
    analyse=analyze, colour=color, behaviour=behavior, honour=honor, catalogue=catalog,
    oldest=old, older=old, newest=new, newer=new, latest=late, largest=large, larger=large,
    smallest=small, smaller=small, longest=long, highest=high, higher=high, lowest=low
    """
)
