"""Names for training: given names of many cultures, family names, and invented ones, so that a model learns to copy.

Held-out names never occur in training; every third or so of each list is held out, by position.
"""

import random
from typing import Literal
from zlib import crc32

from pvchat.chat.questions import plain

Split = Literal["train", "heldout"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN: tuple[str, ...] = _words(
    """
    Maria Tom Sarah Anna Peter John Emma Liam Olivia Noah Ava Lucas Mia Ethan Sophie James Emily Daniel Laura David
    Julia Michael Nina Robert Clara Andrew Helen Simon Alice Oliver Lily George Hannah Edward Ruth Henry Amy Charles
    Kate Paul Diana Mark Susan Kevin Rachel Brian Megan Scott Holly Gary Paula Steven Linda Frank Carol Walter Joyce
    Arthur Edith Harold Mabel Oscar Hazel Felix Ivy Hugo Nora Theo Stella Leo Phoebe Max Daisy Jack Poppy Harry Freya
    Alfie Isla Archie Elsie Finlay Rhona Callum Ailsa Angus Morag Hamish Fiona Rory Siobhán Séamus Niamh Cillian Aoife
    Oisín Ciarán Gráinne Eoin Róisín Dylan Cerys Rhys Bronwen Gareth Siân Emrys Nerys Idris Carys
    José Lucía Carlos Carmen Javier Inés Miguel Sofía Andrés Raúl Pilar Álvaro Begoña Íñigo Nuria Jesús Martín Ximena
    Joaquín Valentina Mateo Camila Santiago Renata Emilio Rocío Tomás Marisol Rubén Paloma Óscar Lourdes Nicolás Belén
    João Beatriz Tiago Inês Gonçalo Marta Duarte Leonor Thaís Caio Luíza Vinícius Letícia Antônio Débora Otávio
    Zoë Chloé Loïc Élodie François Amélie Rémi Anaïs Gaël Maëlle Benoît Océane Thibault Noémie Jérôme Hélène Cédric
    Aurélie Étienne Solène Bastien Margaux Yannick Capucine Matthieu Léa Guillaume Manon Raphaël Inaya
    Giulia Matteo Chiara Lorenzo Niccolò Alessia Federico Ginevra Riccardo Beatrice Gianluca Ilaria Vincenzo Serafina
    Jürgen Käthe Björn Anke Günther Lieselotte Dieter Uwe Heike Torsten Sabine Rüdiger Friederike Holger Annegret
    Wolfgang Gudrun Sven Birgit Matthias Ursula Florian Jörg Änne Götz Mareike Till Wiebke Henning Antje
    Joost Femke Daan Sanne Bram Lotte Thijs Marijke Pieter Anouk Ruben Fleur Gijs Saskia Wouter Hanneke
    Søren Åse Øyvind Ingrid Lars Astrid Bjørn Sigrid Håkon Solveig Magnus Liv Mikkel Freja Rasmus Maja Nikolaj Signe
    Åsa Göran Lennart Ebba Torbjörn Linnéa Anders Märta Håkan Elin Jón Guðrún Þór Ásta Sigurður Björk Ólafur
    Aino Väinö Eero Päivi Jukka Tuulikki Mikko Sirpa Kalle Outi Liisa Jaan Kersti Toomas Õnne Ülle
    Łukasz Małgorzata Paweł Agnieszka Michał Zofia Stanisław Bożena Wojciech Kinga Grzegorz Halina Wiesław Żaneta
    Jiří Božena Ondřej Zdeněk Kateřina Vojtěch Šárka Lukáš Dušan Ľubomír Zuzana Matúš Katarína
    Gergő Zsófia László Erzsébet Balázs Réka Ágnes Csaba Ildikó Bence Márton Tünde Gyula Orsolya
    Ștefan Ioana Andrei Mădălina Răzvan Ileana Țuțu Bogdan Cătălina Sorin Luminița
    Goran Milica Dragan Jelena Željko Snežana Zoran Vesna Đorđe Ljiljana Nenad Tijana Ante Matej Špela Uroš Čedomir
    Georgi Desislava Boyan Rositsa Kalina Vasil Nikos Eleni Giorgos Despina Yannis Kyriaki Stavros Ioanna Thanasis
    Dmitri Olga Sergei Natalya Ivan Tatiana Yuri Svetlana Oleksandr Oksana Taras Halyna Bohdan Mykola Ruslana
    Çağla Mehmet Ayşe Emre Zeynep Gökhan Elif Hüseyin Şebnem Oğuz Nilüfer Tuğba İrem Barış Özge Kerem Ümit Yıldız
    Ahmed Fatima Omar Layla Yusuf Amina Khalid Noor Hassan Zainab Tariq Salma Rania Bilal Samira Faisal Huda Ibrahim
    Mariam Jamal Leila Karim Yasmin Nabil Soraya Rashid Dalia Walid Farida Reza Shirin Darius Parisa Kaveh Golnaz
    Bahram Nasrin Arash Mahsa Ali Zahra Avi Tamar Noam Shira Eitan Yael Moshe Rivka Gideon Ayelet
    Aarav Priya Rohan Ananya Vikram Deepa Arjun Kavita Sanjay Lakshmi Rahul Meera Suresh Nandini Anil Pooja Karthik
    Divya Harpreet Gurpreet Simran Manjit Farhan Ayesha Imran Nadia Shahid Rubina Tahmid Nusrat Dinesh Sunita Bishal
    Chamari Kasun Dilani Tenzin Pema
    Wei Mei Jun Xiu Hao Ling Qiang Yan Jie Fang Lei Xiaoming Zhenyu Yutong Haoran Siyu Kaito Yuki Haruto Sakura Kenji
    Aiko Takeshi Naoko Hiroshi Yumi Ryō Shōta Keiko Daichi Minjun Jiwoo Seojun Hana Sungho Eunji Hyun Soojin
    Nguyễn Linh Minh Thảo Đức Phương Hùng Tuyết Quang Ngọc Bảo Thúy Somchai Malee Kittipong Ploy Arif Siti Budi Dewi
    Agus Putri Wayan Ketut Jomar Luzviminda Rizal Analyn Aung Thiri Sokha Chanthou Batbayar Oyuna
    Kwame Ama Kofi Abena Yaw Esi Chidi Ngozi Emeka Adaeze Tunde Yetunde Olumide Folake Ọlá Sade Amadou Fatou Ousmane
    Aminata Moussa Aïssatou Cheikh Mariama Tendai Rudo Tafadzwa Chipo Thabo Lerato Sipho Nomsa Themba Zanele Wanjiru
    Kamau Achieng Otieno Makena Baraka Neema Juma Rehema Abebe Tigist Dawit Selam Haile Bekele Nkechi Uzoma Zuberi
    Aroha Tāne Mere Wiremu Kahu Leilani Keoni Nalani Sione Mele Tala Malia Nayeli Itzel Tonatiuh Citlali Quilla Inti
    Winona Takoda Aiyana Nanuk Pavati Anjij Yarran Kirra Jarrah
    Zyx Qadir Xochitl Ng O'Shea D'Angelo Anne-Marie Jean-Luc Karl-Heinz Mary-Jane Ji-woo Abd-al-Karim K'naan
    """
)
"""Given names, each of one word."""

FAMILY: tuple[str, ...] = _words(
    """
    Müller Smith Johnson García Rossi Novák Kowalski Nowak Andersson Nielsen Hansen Virtanen Kovács Popescu Petrović
    Ivanov Shevchenko Yılmaz Öztürk Haddad Rahman Khan Patel Sharma Singh Chen Wang Zhang Tanaka Suzuki Kim Park Lee
    Trần Phạm Santos Silva Oliveira Fernández Martínez Dubois Lefèvre Moreau Janssen Bakker Meyer Schäfer Weiß Okafor
    Mensah Diallo Ndlovu Mwangi Tesfaye Cohen Levy O'Brien MacLeod Evans Hughes Taylor Wilson Clarke Wright Baker
    Papadopoulos Horváth Dvořák Jóhannsdóttir Guðmundsson Lindqvist Kaya Reyes Cruz Nakamura Hoàng Castillo Bianchi
    Fischer Wagner Becker Hoffmann Gonçalves Núñez Peña Ibáñez Björnsson Østergaard Sørensen Łukasik Wójcik
    """
)
"""Family names, for names of two words."""

SECOND_GIVEN: tuple[str, ...] = (
    "Ann",
    "Lou",
    "Jo",
    "Beth",
    "Lynn",
    "Mae",
    "Luis",
    "José",
    "Pablo",
    "Sofie",
    "Li",
    "Min",
)
PARTICLE_FAMILY: tuple[str, ...] = (
    "van Dijk",
    "de Vries",
    "von Berg",
    "de Souza",
    "di Marco",
    "van Houten",
    "el Amrani",
    "le Goff",
    "af Klint",
    "bin Saleh",
)

_ONSETS = _words("b c d f g h j k l m n p r s t v w z br dr fl gr kr pl tr st sk th sh ch")
_VOWELS = _words("a e i o u a e i o a ai ea io ou ei")
_CODAS = ("", "", "", "n", "r", "l", "s", "m", "x", "k", "th", "ng", "rn", "lt")
_NOT_NAMES = frozenset(
    _words(
        "the this that then them with when what where which who here there from both near far left right red tan see "
        "seen and are not his her has had was will would can could shall may one two ten man men son sun sea tea top "
        "video yes"
    )
)


def _held(index: int) -> bool:
    return index % 10 in (2, 5, 8)


def of_split(names: tuple[str, ...], split: Split) -> tuple[str, ...]:
    """The names of a list that belong to one side; three in ten are held out."""
    return tuple(n for i, n in enumerate(names) if _held(i) == (split == "heldout"))


def invented_name(rng: random.Random, split: Split) -> str:
    """A pronounceable name nobody has; its hash decides on which side it lies."""
    while True:
        count = rng.choice((2, 2, 2, 3))
        name = "".join(
            (rng.choice(_ONSETS) if rng.random() < 0.94 else "") + rng.choice(_VOWELS) for _ in range(count)
        ) + rng.choice(_CODAS)
        held = crc32(name.encode()) % 10 < 3
        if 3 <= len(name) <= 11 and name not in _NOT_NAMES and held == (split == "heldout"):
            return name.capitalize()


def sample_name(rng: random.Random, split: Split = "train") -> str:
    """One name: mostly a given name, sometimes two words, sometimes invented, rarely without capitals."""
    kind = rng.random()
    given = rng.choice(of_split(GIVEN, split))
    if kind < 0.56:
        name = given
    elif kind < 0.70:
        name = f"{given} {rng.choice(of_split(FAMILY, split))}"
    elif kind < 0.74:
        name = f"{given} {rng.choice(of_split(PARTICLE_FAMILY, split))}"
    elif kind < 0.78:
        name = f"{given} {rng.choice(SECOND_GIVEN)}"
    elif kind < 0.97:
        name = invented_name(rng, split)
    else:
        name = f"{invented_name(rng, split)} {invented_name(rng, split)}"
    return name.lower() if rng.random() < 0.02 else name


def sample_names(rng: random.Random, count: int, split: Split = "train") -> list[str]:
    """Several names without a word in common, accents and case aside."""
    chosen: list[str] = []
    used: set[str] = set()
    while len(chosen) < count:
        name = sample_name(rng, split)
        words = set(plain(name).split())
        if not words & used:
            chosen.append(name)
            used |= words
    return chosen
