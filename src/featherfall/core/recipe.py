"""The recipe: one YAML file that states data, clip, models, distillation, training, evaluation and export."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveFloat, field_validator, model_validator

from featherfall.core.checked import Checked
from featherfall.core.class_names import ClassNames
from featherfall.core.decision_rule import DecisionRule
from featherfall.core.detection import Detection
from featherfall.core.files import atomic_write
from featherfall.core.registry import check_name, facts, registered
from featherfall.core.window import Window


class FilmInput(Checked):
    """A film as a clip's input: `frames` pictures of `size` x `size` pixels, evenly spread over the window, cached as JPEG.

    A still image is a film of one picture: `frames` 1, and windows of kind "trial".

    view: which of a recording's films, e.g. cam0; of several ("cam0 | cam1") the first that a recording has; "each" makes every film of a
    recording a recording of its own, all on one side of a split.
    quality: of the cached pictures, as JPEG counts.
    """

    view: str
    frames: int = Field(default=10, ge=1, le=256)
    size: int = Field(default=160, ge=16, le=512)
    quality: int = Field(default=90, ge=30, le=100)


class Clip(Checked):
    """What a clip is.

    inputs: the clip's sensors and the dataset's stream behind each, e.g. {accelerometer: watch_accelerometer}; of several streams
    ("a | b") the first that a recording has. A list of streams gives the inputs the streams' names.
    films: inputs that are films.
    reference: the input whose time is kept; for impact windows an accelerometer. It must be among the student's.
    require: inputs without which a recording is left out ("*_gyroscope" names several); the student's always are required.
    """

    window: Window
    inputs: dict[str, str] = {}
    films: dict[str, FilmInput] = {}
    reference: str
    require: list[str] = []

    @field_validator("inputs", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {name: name for name in value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _fits(self) -> Clip:
        self.require[:] = expand(self.require, self.names)
        if not self.names:
            raise ValueError("a clip needs 'inputs' or 'films'")
        if twice := set(self.inputs) & set(self.films):
            raise ValueError(f"{', '.join(sorted(twice))} is in both 'inputs' and 'films'; give the film another name")
        for name in [self.reference, *self.require]:
            if name not in self.names:
                raise ValueError(f"{name!r} is not among the clip's inputs ({', '.join(self.names)})")
        if self.window.kind == "impact" and self.reference in self.films:
            raise ValueError("impact windows need an accelerometer as 'reference', not a film; use kind 'sliding'")
        return self

    @property
    def names(self) -> list[str]:
        """All inputs, films last."""
        return [*self.inputs, *self.films]

    @property
    def each_view(self) -> bool:
        """Whether every film is a recording of its own."""
        return any(film.view == "each" for film in self.films.values())

    def behind(self, name: str) -> list[str]:
        """Return the dataset's streams, or views, that may stand behind an input."""
        stated = self.inputs[name] if name in self.inputs else self.films[name].view
        return [one.strip() for one in stated.split("|")]


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


FULL_SCALES_G = (2.0, 4.0, 8.0, 16.0)  # of common accelerometers


class Augment(Checked):
    """Augmentation of training clips. Sensors are not mirrored, so left stays left, unless `mirror` says so.

    views: how many time-warped and cropped versions of each clip are kept (all inputs warped alike); 0 for the clip itself only.
    warp: local speed changes by up to this fraction. crop: up to this fraction of the clip is cut away.
    blends, reversed: views that have no class (two clips blended; played backwards), on which a student learns from its teacher's outputs
    only; teacher_only_share: their share of a batch when distilling.
    rotation_deg: standard deviation of the angle by which a sensor's frame is turned about a random axis.
    dynamics: standard deviation of the logarithm of a factor on a gyroscope, and on an accelerometer's motion (what its half-second mean
    leaves over; gravity is kept). gyroscope_drop: probability that a clip's gyroscope is set to 0, so that the network does not depend on
    it alone.
    scale: standard deviation of a factor on sensor values. noise_g: standard deviation of noise on accelerometers (other inertial
    inputs: the same in their scaled units). joint_noise_m: on skeletons, per frame and joint.
    mirror: probability that a sensor's clip is the other wrist's: the x axis, along the forearm, is reversed, and rotation with it.
    any_mounting: probability that a sensor's frame is turned any way at all, in place of `rotation_deg`.
    device_share: probability of each of the following for a sensor's clip, drawn one by one. They need windows with a rate.
    rate_hz: [low, high]: sampled at a rate between (log-uniform) and joined by straight lines, as a recording is; rates above the window's
    change nothing. range_g: [low, high]: accelerometers clipped at a full scale of 2, 4, 8 or 16 g within. resolution_g: accelerometers
    rounded to steps up to this. packet_loss: up to this share of the packets, of .1 to 1 s, is lost and bridged by straight lines.
    cut_ends: probability, of each end of a window, that the recording begins or ends within it; the value there is held, as in prediction.
    other_after: probability that some time after a window's middle another clip of the batch goes on, as when a fallen person gets up.
    knocks: probability that a clip without a fall gets knocks of the hand (clapping, hitting a table); where labels are by fall.
    film_crop: up to this fraction of a film's sides is cut away. film_light: sd of the logarithm of brightness and contrast.
    film_flip: mirror films at random; only where left and right mean the same.
    """

    views: int = Field(default=0, ge=0, le=256)
    warp: float = Field(default=0.35, ge=0, lt=1)
    crop: float = Field(default=0.15, ge=0, lt=1)
    blends: int = Field(default=0, ge=0, le=256)
    reversed: int = Field(default=0, ge=0, le=256)
    teacher_only_share: float = Field(default=0.33, ge=0, lt=1)
    rotation_deg: float = Field(default=23.0, ge=0)
    dynamics: float = Field(default=0.0, ge=0)
    gyroscope_drop: float = Field(default=0.0, ge=0, lt=1)
    scale: float = Field(default=0.1, ge=0)
    noise_g: float = Field(default=0.02, ge=0)
    joint_noise_m: float = Field(default=0.01, ge=0)
    mirror: float = Field(default=0.0, ge=0, le=1)
    any_mounting: float = Field(default=0.0, ge=0, le=1)
    device_share: float = Field(default=0.5, ge=0, le=1)
    rate_hz: tuple[PositiveFloat, PositiveFloat] | None = None
    range_g: tuple[PositiveFloat, PositiveFloat] | None = None
    resolution_g: float = Field(default=0.0, ge=0, le=1)
    packet_loss: float = Field(default=0.0, ge=0, le=1)
    cut_ends: float = Field(default=0.0, ge=0, le=1)
    other_after: float = Field(default=0.0, ge=0, le=1)
    knocks: float = Field(default=0.0, ge=0, le=1)
    film_crop: float = Field(default=0.15, ge=0, lt=1)
    film_light: float = Field(default=0.15, ge=0, le=1)
    film_flip: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Augment:
        for name in ("rate_hz", "range_g"):
            ends = getattr(self, name)
            if ends and ends[0] > ends[1]:
                raise ValueError(f"{name} {list(ends)} is not in order; give [low, high]")
        if self.range_g and not any(self.range_g[0] <= scale <= self.range_g[1] for scale in FULL_SCALES_G):
            raise ValueError(f"range_g {list(self.range_g)} holds none of 2, 4, 8 and 16; widen it")
        return self

    @property
    def devices(self) -> bool:
        """Whether clips are changed to what other devices would record."""
        return bool(self.rate_hz or self.range_g or self.resolution_g or self.packet_loss)

    @property
    def disturbs(self) -> bool:
        """Whether clips get other ends, other activities afterwards, or knocks."""
        return bool(self.cut_ends or self.other_after or self.knocks)


class EarlyStop(Checked):
    """Validate every `every` steps; stop after `patience` validations without improvement and keep the best weights.

    metric: "balanced_accuracy" (mean recall of the classes) or "f1" of the class that `labels.positive` names, both over clips.
    """

    every: int = Field(default=100, ge=1)
    patience: int = Field(default=5, ge=1)
    metric: Literal["balanced_accuracy", "f1"] = "balanced_accuracy"


class Swa(Checked):
    """Stochastic weight averaging: from the share `start` of the steps on the learning rate is `lr`, and the weights at the end of each
    epoch are averaged. Batch norm statistics are then recomputed over the training clips; these weights are exported (Izmailov et al. 2018,
    arXiv 1803.05407)."""

    start: float = Field(default=0.75, ge=0, lt=1)
    lr: float = Field(default=1e-4, gt=0)


class Draw(Checked):
    """Which training clips make a batch, where some datasets or classes have many more clips than others.

    by: clips of the same dataset, the same class, or both, are one group.
    power: a group's share of the batches is proportional to its number of clips ** power: 1 as they are, 0 the same for all groups.
    """

    by: list[Literal["dataset", "class"]] = Field(default=["dataset", "class"], min_length=1)
    power: float = Field(default=0.5, ge=0, le=1)


class Training(Checked):
    """One network's training.

    draw: draw clips by their groups; without it, each epoch takes every clip once. With classes drawn alike, leave `balance` at 0.
    average: decay of the moving average of the weights, which starts half-way; 0 for none.
    swa: another average in its place.
    balance: weight classes by frequency ** -balance: 0 for no weights, 1 for equal influence of all classes.
    focal: gamma of the focal loss, 0 for plain cross-entropy. mixup: alpha of the shares by which the clips of a batch, and their labels,
    are mixed in pairs, 0 for none. Both, like label smoothing, apply only to training from labels: teachers and the student alone.
    precision: of Lightning Fabric; "bf16-mixed" is quicker on GPUs and on CPUs that have the instructions.
    """

    steps: int = Field(default=600, ge=1)
    batch: int = Field(default=48, ge=2)
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    lr: float = Field(default=4e-3, gt=0)
    weight_decay: float = Field(default=0.02, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    schedule: Literal["onecycle", "cosine", "step", "constant"] = "onecycle"
    average: float = Field(default=0.99, ge=0, lt=1)
    swa: Swa | None = None
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    focal: float = Field(default=0.0, ge=0)
    mixup: float = Field(default=0.0, ge=0)
    balance: float = Field(default=0.0, ge=0, le=1)
    draw: Draw | None = None
    early_stop: EarlyStop | None = None
    precision: Literal["32-true", "16-mixed", "bf16-mixed"] = "32-true"
    augment: Augment = Augment()

    @model_validator(mode="after")
    def _fits(self) -> Training:
        if self.swa and (self.average or self.early_stop):
            raise ValueError("'swa' ships its own average of the last steps; set average: 0 and leave out early_stop")
        if self.focal and self.label_smoothing:
            raise ValueError("the focal loss is of hard labels; leave out 'focal' or 'label_smoothing'")
        return self


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


class Distillation(Checked):
    """Loss = hard x cross-entropy + the weighted terms.

    live: run the teachers on every batch, augmented as for the student, instead of once on every view. Needed for features that are maps,
    which would not fit in memory for all clips.
    """

    hard: float = Field(default=0.2, ge=0)
    live: bool = False
    terms: list[Term] = Field(min_length=1)


class Labels(Checked):
    """The classes: "activity" (the dataset's activities) or "fall" (`positive` names the fall class, `negative` the other).

    margin_s: a window of a fall recording belongs to the fall until this long after the annotated end; windows before the onset or later
    than that have no class and are not used for training. names: of pictures, which class names are a fall.
    untimed_s: of falls without annotated times, only impact windows whose peak is within this many seconds of the recording's highest peak
    are falls; its other windows have no class. Without it, all windows of such a recording are falls, also those of the walk before.
    """

    by: Literal["activity", "fall"]
    positive: str | None = None
    negative: str = "not_fall"
    names: ClassNames | None = None
    margin_s: float = Field(default=1.0, ge=0)
    untimed_s: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _named(self) -> Labels:
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
        if (self.teacher is None) != (self.distillation is None):
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
        if self.labels.untimed_s is not None and self.clip.window.kind != "impact":
            raise ValueError("labels.untimed_s goes by the peaks of impact windows; set clip.window.kind to 'impact', or leave it out")
        if self.clip.films and any(one.disturbs for one in augments):
            raise ValueError("augment: cut_ends, other_after and knocks are of worn sensors; leave them out where clips have films")
        known = self.clip.names
        for role, network in self.networks.items():
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
    def supervision(self) -> Supervision | None:
        """Teacher and distillation; None where the student learns alone."""
        return Supervision(self.teacher, self.distillation) if self.teacher and self.distillation else None

    @property
    def required_supervision(self) -> Supervision:
        """As `supervision`, for code that only runs where there is one."""
        assert self.supervision is not None, f"{self.name} has no teacher"
        return self.supervision

    @property
    def deployed_role(self) -> Literal["distilled", "alone"]:
        """The role of the student that becomes the bundle."""
        return "distilled" if self.supervision else "alone"

    @property
    def task(self) -> Literal["fall", "activity"]:
        """The kind of labels, which decides on the metrics."""
        return self.labels.by


def expand(patterns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return names with each "*" pattern replaced by all known names that match, each once; a pattern without a match is kept."""
    names: list[str] = []
    for pattern in patterns:
        found = [name for name in known if fnmatch.fnmatchcase(name, pattern)] if "*" in pattern else []
        names += found or [pattern]
    return list(dict.fromkeys(names))
