"""Public answers on the wire."""

from app.core.schemas import Out
from app.platforms.base import Platform
from app.public.indicators import Classification
from app.public.rules import Finding


class OwnerOut(Out):
    """Whose official account it is."""

    government: str
    account_name: str


class VerifiedOut(Out):
    """What is known of an account; `note` says it in Indonesian."""

    platform: Platform
    finding: Finding
    owners: list[OwnerOut]
    note: str


class DefinitionOut(Out):
    """What a figure means, in Indonesian; `version` moves whenever the counting does."""

    key: str
    name: str
    text: str
    version: int


class DefinitionsOut(Out):
    """Every figure that answers and reports hold."""

    items: list[DefinitionOut]


class ActivityOut(Out):
    """The statistical activity (MS-Keg); null is what the operator has not stated."""

    name: str
    statistics: str
    data_producer: str | None
    walidata: str | None
    contact: str | None
    licence: str | None
    area: str | None
    population: str
    observed_unit: str
    collection: str
    frequency: str
    confidentiality: str


class VariableOut(Out):
    """What is observed (MS-Var)."""

    key: str
    name: str
    concept: str
    definition: str
    data_type: str
    measure: str
    unit: str | None
    time_reference: str
    validation: str
    classification: Classification
    answered_by: list[str]
    open_to_public: bool


class IndicatorOut(Out):
    """What is computed (MS-Ind); the definition and its version are those of /v1/definitions."""

    key: str
    name: str
    concept: str
    definition: str
    definition_version: int
    interpretation: str
    formula: str
    measure: str
    unit: str
    classifications: list[Classification]
    composite: bool
    variables: list[str]
    frequency: str
    estimation_level: str
    answered_by: list[str]
    open_to_public: bool


class CodeOut(Out):
    """One class, as answers write it and as people read it."""

    code: str
    name: str


class ClassificationOut(Out):
    """By what figures are divided; without codes, each government has its own."""

    key: Classification
    name: str
    codes: list[CodeOut]


class MetadataOut(Out):
    """Metadata of the published statistics by the terms of Satu Data, in Indonesian."""

    schema_version: int
    api_version: str
    language: str
    standards: list[str]
    activity: ActivityOut
    variables: list[VariableOut]
    indicators: list[IndicatorOut]
    classifications: list[ClassificationOut]
