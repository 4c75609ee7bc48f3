"""The recipe: one YAML file that states data, clip, models, distillation, training, evaluation and export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, model_validator

from featherfall.core.checked import Checked
from featherfall.core.class_names import ClassNames
from featherfall.core.clip_settings import Clip, expand
from featherfall.core.decision_rule import DecisionRule
from featherfall.core.detection import Detection
from featherfall.core.files import atomic_write
from featherfall.core.registry import check_name, facts, registered
from featherfall.core.training_settings import Training

TRAIN_ONLY = "train_only"  # an option of all protocols


class Split(Checked):
    """How recordings are split into training, validation and test parts.

    protocol: a registered one, e.g. "published" (the dataset's own list, named by `list`), "kfold" (`folds` folds of groups), "loso" (each
    group once) or "lodo" (each dataset that has falls once). options: more keyword arguments of the protocol, and, of all protocols,
    train_only: datasets that are neither tested nor validated on, e.g. [simulated].
    group: what may not be on two sides of a split: "subject", "recording" (its films count as the recording) or a trait, e.g. series
    (recordings without it go by their subject).
    balance: a trait (e.g. age), "fall" (whether a group holds falls) or "dataset", by which folds and their validation parts are
    stratified.
    validation: groups cut from each training part, in rotation; 0 trains on all of it.
    part: "test" evaluates on the test part; "validation" sets the test part aside unread and evaluates on the validation part, to choose
    between recipes.
    train_share: the share of each training part's groups that is kept (at least one), to measure the effect of fewer people; test and
    validation parts are unchanged. train_draw: number of the random draw; smaller shares of a draw are subsets of larger ones.
    """

    protocol: Annotated[str, registered("protocol")]
    list: str | None = None
    folds: int = Field(default=5, ge=2)
    group: str = "subject"
    balance: str | None = None
    validation: int = Field(default=0, ge=0)
    part: Literal["test", "validation"] = "test"
    train_share: float = Field(default=1.0, gt=0, le=1)
    train_draw: NonNegativeInt = 0
    options: dict[str, Any] = {}

    @model_validator(mode="after")
    def _complete(self) -> Split:
        for key in facts("protocol", self.protocol).get("needs", ()):
            if getattr(self, key) is None:
                raise ValueError(f"protocol {self.protocol!r} needs {key!r}; add it")
        if self.part == "validation" and self.validation == 0:
            raise ValueError("part 'validation' needs 'validation' groups to evaluate on; set it to 1 or more")
        _ = self.train_only
        return self

    @property
    def train_only(self) -> tuple[str, ...]:
        """The datasets that `options.train_only` names."""
        names = self.options.get(TRAIN_ONLY) or []
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError(f"options.{TRAIN_ONLY} is {names!r}, not a list of datasets such as [simulated]")
        return tuple(check_name("dataset", name) for name in names)


class Network(Checked):
    """A network: the registered model's name, its inputs ("*_gyroscope" names several), its options."""

    kind: Annotated[str, registered("model")]
    inputs: list[str] = Field(min_length=1)
    options: dict[str, Any] = {}


class Teacher(Checked):
    """The model that is only needed for training.

    members: how many are trained (seeds 0, 1, ...); their softened probabilities are averaged.
    pretrain: train each branch of a network that has them alone first; branches: how, by the branch's kind, where not as `training` says
    (views are always those of `training`).
    """

    network: Network
    training: Training = Training()
    members: int = Field(default=1, ge=1, le=16)
    pretrain: bool = True
    branches: dict[str, Training] = {}


class Student(Checked):
    """The model that is deployed. `training` applies to both roles; `alone_label_smoothing` to the one without a teacher.

    init: the folder of a finished run with the same network, whose distilled student both roles start from, e.g. one on simulated
    recordings: the student of the fold that its bundle comes from, of the same seed if that was trained, else the one that shipped.
    """

    network: Network
    training: Training = Training()
    alone_label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    init: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Student:
        if self.training.focal and self.alone_label_smoothing:
            raise ValueError("the focal loss is of hard labels; leave out 'training.focal' or set alone_label_smoothing: 0")
        return self


class Term(Checked):
    """One distillation loss.

    temperature: of losses that compare logits. student_tap, teacher_tap: of losses that compare features, the submodules whose outputs
    they compare. options: more keyword arguments of the loss.
    """

    loss: Annotated[str, registered("loss")]
    weight: float = Field(default=1.0, gt=0)
    temperature: float = Field(default=4.0, gt=0)
    student_tap: str = "embedding"
    teacher_tap: str = "embedding"
    options: dict[str, Any] = {}


class MeanTeacher(Checked):
    """The student's own moving average (of this decay a step) as one more teacher: its probabilities, without dropout, are matched by MSE.

    Tarvainen and Valpola 2017, arXiv 1703.01780.
    """

    weight: float = Field(default=1.0, gt=0)
    decay: float = Field(default=0.99, ge=0, lt=1)


class Distillation(Checked):
    """Loss = hard x cross-entropy + the weighted terms.

    live: run the teachers on every batch, augmented as for the student, instead of once on every view. Needed for features that are maps,
    which would not fit in memory for all clips.
    over_views: "each": the teachers' outputs for the very view that the student sees; "mean": their mean probability over those views of
    a clip that keep its class and are in some batch, for terms that compare logits.
    assistant: a network between teacher and student: it is distilled from the teachers, trained as the student is, and the student then
    learns from it in their place (Mirzadeh et al. 2020, arXiv 1902.03393).
    bundle: a bundle that exists, in place of the recipe's `teacher`: its folder, or the name of one that comes with the package. It looks
    at the recordings as they are (a camera's at their first film), once; what it says of the time around a clip holds for all its views.
    """

    hard: float = Field(default=0.2, ge=0)
    live: bool = False
    over_views: Literal["each", "mean"] = "each"
    mean_teacher: MeanTeacher | None = None
    assistant: Network | None = None
    bundle: str | None = None
    terms: list[Term] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Distillation:
        if self.live and self.over_views == "mean":
            raise ValueError("over_views 'mean' needs outputs for every view, and 'live' computes those of a batch; leave out one of them")
        if self.bundle is not None:
            self._fits_a_bundle()
        return self

    def _fits_a_bundle(self) -> None:
        """Raise `ValueError` for what needs more of a teacher than what it says of recordings."""
        for name in ("live", "assistant"):
            if getattr(self, name):
                raise ValueError(f"{name!r} needs a network as the teacher, and 'bundle' is used as it is; leave out one of them")
        for term in self.terms:
            if facts("loss", term.loss).get("compares", "features") == "features":
                raise ValueError(f"the term {term.loss!r} compares features, and a bundle gives probabilities only; use 'soft'")


class Labels(Checked):
    """The classes: "activity" (the dataset's activities) or "fall" (`positive` names the fall class, `negative` the other).

    margin_s: a window of a fall recording belongs to the fall until this long after the annotated end; windows before the onset or later
    than that have no class and are not used for training. names: of pictures, which class names are a fall.
    untimed_s: of falls without annotated times, only impact windows whose peak is within this many seconds of the recording's highest peak
    are falls; its other windows have no class. Without it, all windows of such a recording are falls, also those of the walk before.
    share: the share of each training part's groups (`split.group`) whose labels are used, at least one; subjects: in its place their
    names, or how many. Of the other training recordings, and of those without an activity, only the distilled student learns: what its
    teacher, which is trained on the labelled ones, says of them. draw: number of the random draw of the groups; smaller shares of a draw
    are subsets of larger ones.
    """

    by: Literal["activity", "fall"]
    positive: str | None = None
    negative: str = "not_fall"
    names: ClassNames | None = None
    margin_s: float = Field(default=1.0, ge=0)
    untimed_s: float | None = Field(default=None, ge=0)
    share: float = Field(default=1.0, gt=0, le=1)
    subjects: PositiveInt | Annotated[list[str], Field(min_length=1)] | None = None
    draw: NonNegativeInt = 0

    @model_validator(mode="after")
    def _named(self) -> Labels:
        if self.share < 1 and self.subjects is not None:
            raise ValueError("'share' and 'subjects' both say whose labels are used; give one of them")
        if self.by == "fall" and not self.positive:
            raise ValueError("labels by fall need 'positive', the fall class's name, e.g. fall")
        if self.by != "fall" and self.names:
            raise ValueError("'names' state which class names are a fall; leave them out, or label by fall")
        return self


class Export(Checked):
    """formats: registered export formats in which the student is written. int8: also as "onnx_int8".

    budget_points: the most percentage points of the main metric that a quantised model may lose before it is refused.
    """

    formats: list[Annotated[str, registered("format")]] = Field(default=["onnx"], min_length=1)
    int8: bool = True
    budget_points: float = Field(default=0.5, ge=0)

    @property
    def written(self) -> list[str]:
        """All formats to write, each once."""
        return list(dict.fromkeys([*self.formats, *(["onnx_int8"] if self.int8 else [])]))

    @property
    def quantises(self) -> bool:
        """Whether an int8 model is asked for that ONNX Runtime runs."""
        return "onnx_int8" in self.written


class Simulation(Checked):
    """Simulated people in the layout of AI Hub 71641, used without `--data`; fields as the options of `featherfall sim`."""

    subjects: int = Field(default=20, ge=1)
    hours: float = Field(default=0.5, gt=0)
    seed: NonNegativeInt = 0
    falls: float = Field(default=0.75, ge=0, le=1)
    size: int = Field(default=160, ge=32, le=2048)
    frame_rate: float = Field(default=6.0, ge=1, le=120)


class Supervision(NamedTuple):
    """The teacher and how the student is distilled from it."""

    teacher: Teacher
    distillation: Distillation


def _known_datasets(names: str) -> str:
    """Return one registered dataset, or several joined by " + "."""
    return " + ".join(check_name("dataset", name.strip()) for name in names.split("+"))


class Recipe(Checked):
    """All settings of `featherfall distill`.

    Without `teacher` and `distillation`, the student learns from the labels alone and is deployed.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    summary: str = ""
    dataset: Annotated[str, AfterValidator(_known_datasets)]
    folder: str | None = None
    labels: Labels
    clip: Clip
    split: Split
    teacher: Teacher | None = None
    student: Student
    distillation: Distillation | None = None
    decision: DecisionRule = DecisionRule()
    detection: Detection | None = None
    export: Export = Export()
    simulation: Simulation | None = None
    seeds: list[NonNegativeInt] = Field(default=[0], min_length=1)

    @model_validator(mode="after")
    def _inputs_exist(self) -> Recipe:
        bundled = self.distillation is not None and self.distillation.bundle is not None
        if bundled:
            self._check_bundle()
        elif (self.teacher is None) != (self.distillation is None):
            raise ValueError("'teacher' and 'distillation' belong together; give both, or neither for a student that learns alone")
        looks = [one.training.early_stop for one in (self.teacher, self.student) if one]
        if self.labels.by != "fall" and any(look and look.metric == "f1" for look in looks):
            raise ValueError("early_stop.metric 'f1' is of the fall class; label by fall, or use 'balanced_accuracy'")
        if self.clip.window.kind == "trial" and any(one.training.augment.devices for one in (self.teacher, self.student) if one):
            raise ValueError(
                "augment: rate_hz, range_g, resolution_g and packet_loss need windows with a rate, not 'trial'; leave them out"
            )
        augments = [one.training.augment for one in (self.teacher, self.student) if one]
        if self.labels.by != "fall" and any(one.knocks for one in augments):
            raise ValueError("augment.knocks changes clips without a fall; label by fall, or leave it out")
        if self.detection is not None and (self.labels.share < 1 or self.labels.subjects is not None):
            raise ValueError("labels.share and labels.subjects are of clips; detectors take all boxes, so leave them out")
        if self.labels.untimed_s is not None and self.clip.window.kind != "impact":
            raise ValueError("labels.untimed_s goes by the peaks of impact windows; set clip.window.kind to 'impact', or leave it out")
        if self.clip.films and any(one.disturbs for one in augments):
            raise ValueError("augment: cut_ends, other_after and knocks are of worn sensors; leave them out where clips have films")
        known = self.clip.names
        assistant = {"distillation.assistant": self.distillation.assistant} if self.distillation and self.distillation.assistant else {}
        for role, network in (self.networks | assistant).items():
            network.inputs[:] = expand(network.inputs, known)
            for name in network.inputs:
                if name not in known:
                    raise ValueError(f"{role}.network.inputs names {name!r}, which clip.inputs does not have ({', '.join(known)})")
        if self.clip.reference not in self.student.network.inputs:
            raise ValueError(f"clip.reference {self.clip.reference!r} is not an input of the student, which must run without the teacher's")
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError("seeds repeat; name each once")
        self._check_point()
        return self

    def _check_bundle(self) -> None:
        """Raise `ValueError` where a bundle cannot be the teacher."""
        if self.teacher is not None:
            raise ValueError("both 'teacher' and 'distillation.bundle' teach; leave out one of them")
        if self.detection is not None:
            raise ValueError("a detector learns from a network, not from distillation.bundle; give 'teacher'")
        if self.student.training.augment.blends or self.student.training.augment.reversed:
            raise ValueError("distillation.bundle says nothing of blended or reversed clips; set augment.blends and augment.reversed to 0")

    def _check_point(self) -> None:
        """Raise `ValueError` where no left-out falls could choose the threshold."""
        point = self.decision.point
        if point is None:
            return
        if self.labels.by != "fall" or self.detection is not None:
            raise ValueError(f"decision.threshold {point!r} is chosen for windows of the fall class; give a number, e.g. 0.5")
        if not facts("protocol", self.split.protocol).get("cross_validates"):
            raise ValueError(
                f"decision.threshold {point!r} is chosen on the other folds, and protocol {self.split.protocol!r} has no folds that test "
                "all recordings; give a number, e.g. 0.5, or a protocol that cross-validates, e.g. kfold"
            )

    def save(self, path: str | Path) -> Path:
        """Write the stated values as YAML, which `load_recipe` reads; defaults are left out. Return the path."""
        import yaml

        with atomic_write(Path(path), "w") as file:
            yaml.safe_dump(self.model_dump(mode="json", exclude_unset=True), file, sort_keys=False, width=140)
        return Path(path)

    @property
    def networks(self) -> dict[str, Network]:
        """By role: "teacher" (where there is one) and "student"."""
        return ({"teacher": self.teacher.network} if self.teacher else {}) | {"student": self.student.network}

    @property
    def by_assistant(self) -> tuple[Recipe, Recipe] | None:
        """The two distillations that a teaching assistant stands between: teachers to assistant, assistant to student; None without one."""
        if self.supervision is None or self.supervision.distillation.assistant is None:
            return None
        teacher, how = self.supervision
        direct = how.model_copy(update={"assistant": None})
        learns = self.student.model_copy(update={"network": how.assistant})
        teaches = teacher.model_copy(update={"network": how.assistant, "members": 1, "pretrain": False})
        first = self.model_copy(update={"distillation": direct, "student": learns, "seeds": [0]})
        return first, self.model_copy(update={"distillation": direct, "teacher": teaches})

    @property
    def supervision(self) -> Supervision | None:
        """Teacher and distillation; None where the student learns alone."""
        return Supervision(self.teacher, self.distillation) if self.teacher and self.distillation else None

    @property
    def required_supervision(self) -> Supervision:
        """As `supervision`, for code that only runs where there is one."""
        assert self.supervision is not None, f"{self.name} has no teacher"
        return self.supervision

    @property
    def required_distillation(self) -> Distillation:
        """How the student is distilled, for code that only runs where it is."""
        assert self.distillation is not None, f"{self.name} has no teacher"
        return self.distillation

    @property
    def deployed_role(self) -> Literal["distilled", "alone"]:
        """The role of the student that becomes the bundle."""
        return "distilled" if self.distillation else "alone"

    @property
    def task(self) -> Literal["fall", "activity"]:
        """The kind of labels, which decides on the metrics."""
        return self.labels.by
