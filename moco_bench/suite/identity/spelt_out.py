"""The fields that are in every fingerprint even at their defaults: those of the sections' first version.

Fingerprints of finished runs hold them. Fields that were added later are not in this list: at their defaults they are
in no fingerprint (`identity.run.identity`), so whoever adds one has nothing to do here.
"""

_FIELDS = {
    "DatasetConfig": "name image_size train_limit test_limit validation",
    "EncoderConfig": "dimension batch_norm_groups",
    "CompactResNet": "width depth stem",
    "Mlp": "hidden",
    "MlpWithBatchNorm": "hidden",
    "ContrastConfig": (
        "queue_size temperature momentum dual_view key_weight negatives filter_warmup_steps mask_same_sample enqueue"
    ),
    "MocoRecipe": (
        "crop_scale crop_ratio flip jitter_probability brightness contrast saturation hue grayscale blur solarize"
    ),
    "TrainConfig": (
        "epochs batch_size optimiser learning_rate weight_decay sgd_momentum schedule warmup_epochs precision "
        "channels_last compile deterministic threads augment"
    ),
    "ProbeConfig": "c_values holdout",
    "EvaluateConfig": "knn_k knn_temperature probe corruptions corruption_images floors neighbours batch_size",
    "Hardest": "fraction count",
    "Easiest": "fraction count",
    "Random": "fraction count",
    "DropHardest": "fraction count",
    "Band": "inner outer",
    "Threshold": "similarity minimum",
}
SPELT_OUT: dict[str, tuple[str, ...]] = {section: tuple(fields.split()) for section, fields in _FIELDS.items()}
