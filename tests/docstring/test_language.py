"""Houses that do not write English are left alone; houses full of odd words are not."""

from __future__ import annotations

import pytest

from docbot.docstring.language import ENGLISH, OTHER, count_languages, is_foreign, language_of

FOREIGN = {
    "German": (
        "Liest die Messwerte aus der Datei.",
        "Prüft, ob das Konto gesperrt ist.",
        "Gibt den Pfad zum Verzeichnis zurueck.",
        "Berechnet die Summe aller `prices`.",
    ),
    "French": (
        "Renvoie la liste des commandes.",
        "Vérifie que le compte est ouvert.",
        "Lit les données dans le fichier.",
    ),
    "Spanish": (
        "Devuelve el precio de una orden.",
        "Comprueba si la cuenta está cerrada.",
        "Guarda los datos en el archivo.",
    ),
    "Portuguese": (
        "Retorna o preço de um pedido.",
        "Verifica se a conta está fechada.",
        "Grava os dados no arquivo.",
        "Número do pedido (str, 6 dígitos).",
    ),
    "Italian": (
        "Restituisce il prezzo di un ordine.",
        "Controlla se il conto è chiuso.",
        "Salva i dati nel file.",
    ),
    "Polish": (
        "Zwraca cenę zamówienia.",
        "Sprawdza, czy konto jest zamknięte.",
        "Zapisuje dane do pliku, który podano.",
    ),
    "Russian": ("Возвращает цену заказа.", "Проверяет, закрыт ли account."),
    "Chinese": ("返回订单价格", "检查 account 是否关闭。"),
    "Japanese": ("注文の価格を返す。", "設定ファイルを読み込みます。"),
}


@pytest.mark.parametrize("docstrings", FOREIGN.values(), ids=FOREIGN)
def test_other_languages_are_recognised(docstrings: tuple[str, ...]) -> None:
    assert is_foreign(count_languages(docstrings)) is True


TECHNICAL = (
    "MIT license.",
    "Convert um to nm.",
    "Get os.environ.",
    "Schrödinger equation solver.",
    "Compute Δ and Ω of the Dirichlet prior.",
    "Parse `der` and `die` tags.",
    "Return the par value.",
    "Das U-Boot driver for the ARM SoC.",
    "Handle the résumé upload.",
    "sudo apt-get install foo",
    "Kubernetes CRD reconciler.",
    'Translate "ein Lager von Waren" to English.',
)


def test_technical_words_are_no_other_language() -> None:
    assert is_foreign(count_languages(TECHNICAL)) is False
    assert count_languages(TECHNICAL)[OTHER] <= 1


def test_few_docstrings_tell_nothing() -> None:
    assert is_foreign(count_languages(["Ein Lager von Waren."])) is None
    assert is_foreign(count_languages(["Lager", "x", "TODO"])) is None
    assert is_foreign({}) is None


def test_the_majority_decides() -> None:
    german, english = FOREIGN["German"][:3], ("Return the price.", "Check if it is open.")
    assert is_foreign(count_languages([*german, *english])) is True
    assert is_foreign(count_languages([*german[:2], *english, "Save the data."])) is False


def test_only_the_first_paragraph_counts() -> None:
    assert language_of("Return the price.\n\nDas ist der Preis und das ist die Steuer.") == ENGLISH


def test_our_own_docstrings_are_english() -> None:
    from docbot.docstring import habits, language, style

    texts = [module.__doc__ or "" for module in (habits, language, style)]
    assert is_foreign(count_languages(texts)) is False


LAGER = '''"""Das Lager."""


class Lager:
    """Ein Lager von Waren."""

    def aufnehmen(self, ware):
        """Nimmt eine Ware in das Lager auf."""
        self.waren.append(ware)

    def __len__(self):
        return len(self.waren)
'''
BARE = "class Regal:\n    def __len__(self):\n        return len(self.waren)\n"
SHELF = '''"""Shelves."""


class Shelf:
    """A shelf of items."""

    def clear(self):
        """Remove all of the items."""
        self.items.clear()

    def __len__(self):
        return len(self.items)
'''


def test_a_house_that_is_not_english_is_left_alone(repo, docbot) -> None:
    repo.commit("lager.py", LAGER)
    repo.commit("regal.py", BARE)  # a file without a docstring: the house decides
    ran = docbot("fix", repo.root)
    assert ran.code == 0
    assert repo.git("status", "--porcelain") == ""
    (sentence,) = [line for line in ran.err.splitlines() if "not English" in line]
    assert 'language = "en"' in sentence
    counted = docbot("check", repo.root, "--fail-under", "100")
    assert counted.code == 1
    assert "regal.py:2" in counted.out


@pytest.mark.parametrize("place", ["flag", "key"])
def test_the_key_overrides_it(repo, docbot, place) -> None:
    repo.commit("lager.py", LAGER)
    if place == "key":
        repo.commit("pyproject.toml", '[tool.docbot]\nlanguage = "en"\n')
    ran = docbot("fix", repo.root, *(["--language", "en"] if place == "flag" else []))
    assert ran.code == 1
    assert '"""Return the number of items."""' in (repo.root / "lager.py").read_text()


def test_the_hook_leaves_it_alone(repo, docbot, monkeypatch) -> None:
    repo.commit("lager.py", LAGER)
    repo.stage("regal.py", BARE)
    monkeypatch.chdir(repo.root)
    ran = docbot("fix", "--staged")
    assert ran.code == 0
    assert repo.git("diff", "--name-only") == ""


def test_an_english_file_in_a_mixed_house_is_written(repo, docbot) -> None:
    repo.commit("lager.py", LAGER)
    repo.commit("mehr.py", LAGER)
    repo.commit("shelf.py", SHELF)
    docbot("fix", repo.root)
    assert repo.git("diff", "--name-only").split() == ["shelf.py"]


def test_another_language_is_refused(repo, docbot) -> None:
    repo.commit("shelf.py", SHELF)
    repo.commit("pyproject.toml", '[tool.docbot]\nlanguage = "de"\n')
    ran = docbot("fix", repo.root)
    assert ran.code == 2
    assert "'language' must be one of auto, en" in ran.err
