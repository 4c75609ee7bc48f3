"""How one network is trained: steps, optimizer, the choice of clips and their augmentation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, model_validator

from featherfall.core.checked import Checked

TrainingPrecision = Literal["32-true", "16-mixed", "bf16-mixed"]  # of Lightning Fabric
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
    precision: of Lightning Fabric; "bf16-mixed" is quicker on GPUs and on CPUs that have the instructions, and "32-true" is taken on CPUs
    without AVX-512, which emulate it many times slower.
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
    precision: TrainingPrecision = "32-true"
    augment: Augment = Augment()

    @model_validator(mode="after")
    def _fits(self) -> Training:
        if self.swa and (self.average or self.early_stop):
            raise ValueError("'swa' ships its own average of the last steps; set average: 0 and leave out early_stop")
        if self.focal and self.label_smoothing:
            raise ValueError("the focal loss is of hard labels; leave out 'focal' or 'label_smoothing'")
        return self
