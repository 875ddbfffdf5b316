//! Values that are nested in every way that `serde` knows: they cross up to a depth, and beyond it they are an error.

use std::{cell::Cell, fmt};

use cf_task::{Call, Failure, Incoming, Outgoing, task};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor},
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};

use crate::cross::{cross, run};

/// A value may have so many levels.
const MAX_DEPTH: u32 = 128;
/// Without an end of their own these overflow every stack.
const ENDLESS: u32 = 1_000_000;

/// How a level holds the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Some,
    Newtype,
    Seq,
    Tuple,
    TupleStruct,
    MapKey,
    MapValue,
    Struct,
    NewtypeVariant,
    TupleVariant,
    StructVariant,
}

impl Way {
    const ALL: [Self; 11] = [
        Self::Some,
        Self::Newtype,
        Self::Seq,
        Self::Tuple,
        Self::TupleStruct,
        Self::MapKey,
        Self::MapValue,
        Self::Struct,
        Self::NewtypeVariant,
        Self::TupleVariant,
        Self::StructVariant,
    ];

    /// What a level has before the next one, as bytes, and after it.
    fn bytes(self) -> (&'static [u8], &'static [u8]) {
        match self {
            Self::Newtype | Self::Tuple | Self::TupleStruct | Self::Struct => (&[], &[]),
            // Its tag, or its length; and its value.
            Self::Some | Self::Seq => (&[1], &[]),
            Self::MapKey => (&[1], &[7]),
            // Its length, and its key.
            Self::MapValue => (&[1, 7], &[]),
            // Its number.
            Self::NewtypeVariant | Self::TupleVariant | Self::StructVariant => (&[0], &[]),
        }
    }
}

thread_local! {
    /// How the values of this test are nested, which their bytes do not tell.
    static SHAPE: Cell<(Way, u32)> = const { Cell::new((Way::Some, 0)) };
}

/// So many levels, the last of which holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Levels {
    way: Way,
    n: u32,
}

impl Levels {
    fn next(self) -> Self {
        let Self { way, n } = self;
        Self { way, n: n - 1 }
    }

    /// Its bytes, without asking anybody to encode it.
    fn forge(self) -> Vec<u8> {
        let (before, after) = self.way.bytes();
        let n = self.n as usize;
        [before.repeat(n), vec![7], after.repeat(n)].concat()
    }
}

const FIELDS: &[&str] = &["next"];
const VARIANTS: &[&str] = &["Only"];

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.n == 0 {
            return serializer.serialize_u8(7);
        }
        let next = &self.next();
        match self.way {
            Way::Some => serializer.serialize_some(next),
            Way::Newtype => serializer.serialize_newtype_struct("Level", next),
            Way::Seq => {
                let mut level = serializer.serialize_seq(Some(1))?;
                level.serialize_element(next)?;
                level.end()
            }
            Way::Tuple => {
                let mut level = serializer.serialize_tuple(1)?;
                level.serialize_element(next)?;
                level.end()
            }
            Way::TupleStruct => {
                let mut level = serializer.serialize_tuple_struct("Level", 1)?;
                level.serialize_field(next)?;
                level.end()
            }
            Way::MapKey | Way::MapValue => {
                let mut level = serializer.serialize_map(Some(1))?;
                if self.way == Way::MapKey {
                    level.serialize_entry(next, &7_u8)?;
                } else {
                    level.serialize_entry(&7_u8, next)?;
                }
                level.end()
            }
            Way::Struct => {
                let mut level = serializer.serialize_struct("Level", 1)?;
                level.serialize_field("next", next)?;
                level.end()
            }
            Way::NewtypeVariant => serializer.serialize_newtype_variant("Level", 0, "Only", next),
            Way::TupleVariant => {
                let mut level = serializer.serialize_tuple_variant("Level", 0, "Only", 1)?;
                level.serialize_field(next)?;
                level.end()
            }
            Way::StructVariant => {
                let mut level = serializer.serialize_struct_variant("Level", 0, "Only", 1)?;
                level.serialize_field("next", next)?;
                level.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (way, n) = SHAPE.get();
        let levels = Self { way, n };
        DeserializeSeed::deserialize(levels, deserializer)?;
        Ok(levels)
    }
}

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.n == 0 {
            assert_eq!(u8::deserialize(deserializer)?, 7);
            return Ok(());
        }
        let next = self.next();
        match self.way {
            Way::Some => deserializer.deserialize_option(next),
            Way::Newtype => deserializer.deserialize_newtype_struct("Level", next),
            Way::Seq => deserializer.deserialize_seq(next),
            Way::Tuple => deserializer.deserialize_tuple(1, next),
            Way::TupleStruct => deserializer.deserialize_tuple_struct("Level", 1, next),
            Way::MapKey | Way::MapValue => deserializer.deserialize_map(next),
            Way::Struct => deserializer.deserialize_struct("Level", FIELDS, next),
            Way::NewtypeVariant | Way::TupleVariant | Way::StructVariant => {
                deserializer.deserialize_enum("Level", VARIANTS, next)
            }
        }
    }
}

/// Sees the level that holds these.
impl<'de> Visitor<'de> for Levels {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }

    fn visit_some<D: Deserializer<'de>>(self, next: D) -> Result<(), D::Error> {
        DeserializeSeed::deserialize(self, next)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, next: D) -> Result<(), D::Error> {
        DeserializeSeed::deserialize(self, next)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let next = items.next_element_seed(self)?;
        next.ok_or_else(|| A::Error::custom("nothing in it"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if self.way == Way::MapKey {
            entries.next_key_seed(self)?;
            assert_eq!(entries.next_value::<u8>()?, 7);
            Ok(())
        } else {
            assert_eq!(entries.next_key::<u8>()?, Some(7));
            entries.next_value_seed(self)
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<(), A::Error> {
        let (number, variant) = variant.variant::<u32>()?;
        assert_eq!(number, 0);
        match self.way {
            Way::NewtypeVariant => variant.newtype_variant_seed(self),
            Way::TupleVariant => variant.tuple_variant(1, self),
            _ => variant.struct_variant(FIELDS, self),
        }
    }
}

#[task]
fn echo(levels: Levels) -> Levels {
    levels
}

#[task]
fn make(n: u32) -> Levels {
    let way = SHAPE.get().0;
    Levels { way, n }
}

/// For as long as nothing else is said, values of this thread are nested so.
fn levels(way: Way, n: u32) -> Levels {
    SHAPE.set((way, n));
    Levels { way, n }
}

fn encode<T>(call: &Call<T>) -> Result<Vec<u8>, String> {
    let mut out = Outgoing::default();
    match call.encode(&mut out) {
        Ok(()) => Ok(out.head),
        Err(error) => {
            assert!(out.head.is_empty(), "it leaves something behind");
            Err(error.to_string())
        }
    }
}

fn assert_too_deep(message: &str, what: &str, way: Way) {
    assert!(message.contains(what), "{way:?}: {message}");
    assert!(message.contains("levels deep"), "{way:?}: {message}");
}

#[test]
fn a_value_crosses_up_to_a_depth() {
    for way in Way::ALL {
        for n in [0, 1, 2, 50, MAX_DEPTH - 1, MAX_DEPTH] {
            let value = levels(way, n);
            assert_eq!(encode(&echo::task(value)), Ok(value.forge()), "{way:?}");
            assert_eq!(cross(&echo::task(value)), Ok(value), "{way:?} {n}");
            assert_eq!(cross(&make::task(n)), Ok(value), "{way:?} {n}");
        }
    }
}

#[test]
fn beyond_it_it_is_not_encoded() {
    for way in Way::ALL {
        for n in [MAX_DEPTH + 1, 10_000, ENDLESS] {
            let refused = encode(&echo::task(levels(way, n))).unwrap_err();
            assert_too_deep(&refused, "Levels could not be encoded", way);
            let Err(Failure::Codec(refused)) = cross(&make::task(n)) else {
                panic!("{way:?}")
            };
            assert_too_deep(&refused, "Levels could not be encoded", way);
        }
    }
}

#[test]
fn beyond_it_it_is_not_decoded() {
    for way in Way::ALL {
        for n in [MAX_DEPTH + 1, 10_000, ENDLESS] {
            let forged = levels(way, n).forge();
            let call = echo::task(Levels { way, n: 0 });
            let outcome = run(&call, &mut Incoming::new(&forged, Vec::new()));
            let Err(Failure::Codec(refused)) = outcome else {
                panic!("{way:?}: {outcome:?}")
            };
            assert_too_deep(&refused, "Levels could not be decoded", way);
            let decoded = call.decode(&mut Incoming::new(&forged, Vec::new()));
            let refused = decoded.unwrap_err().to_string();
            assert_too_deep(&refused, "Levels could not be decoded", way);
        }
    }
}

/// Refuses a variant, whose own fault it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Leaf,
    Newtype(Box<Tree>),
    Tuple(Box<Tree>, u8),
    Struct { next: Box<Tree> },
}

#[task]
fn grow(tree: Tree) -> Tree {
    tree
}

#[test]
fn all_variants_cross_up_to_the_same_depth() {
    let wraps: [fn(Box<Tree>) -> Tree; 3] = [
        Tree::Newtype,
        |next| Tree::Tuple(next, 7),
        |next| Tree::Struct { next },
    ];
    let tree =
        |wrap: fn(Box<Tree>) -> Tree, n| (0..n).fold(Tree::Leaf, |tree, _| wrap(Box::new(tree)));
    for wrap in wraps {
        let deepest = tree(wrap, MAX_DEPTH);
        assert_eq!(cross(&grow::task(deepest.clone())), Ok(deepest));
        let refused = encode(&grow::task(tree(wrap, MAX_DEPTH + 1))).unwrap_err();
        assert!(refused.contains("levels deep"), "{refused}");
    }
}

#[test]
fn a_value_beside_a_deep_one_has_its_own_depth() {
    #[task]
    fn both(first: Levels, second: Levels) -> (Levels, Levels) {
        (first, second)
    }

    // The pair is one more level.
    let value = levels(Way::Some, MAX_DEPTH - 1);
    assert_eq!(cross(&both::task(value, value)), Ok((value, value)));
}
