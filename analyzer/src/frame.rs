//! From query results to frames: arrow batches become a Polars frame without copying their buffers.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use polars::prelude::{Column, DataFrame, PlSmallStr, PolarsError, Series};

/// Query results could not become a frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Arrow refused.
    #[error("reading query results failed")]
    Arrow(#[from] ArrowError),
    /// Polars refused.
    #[error("shaping query results failed")]
    Polars(#[from] PolarsError),
}

/// Turns batches of one schema into a frame with the same columns, in the same order.
///
/// Buffers are shared through the Arrow C data interface; only dictionaries are spread out, since both libraries
/// treat them differently.
///
/// # Errors
/// [`FrameError`] when a column's type has no counterpart.
pub fn frame_of(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<DataFrame, FrameError> {
    let batch = concat_batches(schema, batches)?;
    let height = batch.num_rows();
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| Ok(Column::from(series_of(field.name(), array)?)))
        .collect::<Result<Vec<Column>, FrameError>>()?;
    Ok(DataFrame::new(height, columns)?)
}

fn series_of(name: &str, array: &ArrayRef) -> Result<Series, FrameError> {
    let plain = match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values)?,
        _ => ArrayRef::clone(array),
    };
    let shared = bridge::share(&plain.to_data())?;
    Ok(Series::try_from((PlSmallStr::from_str(name), shared))?)
}

#[expect(unsafe_code, reason = "the Arrow C data interface is a pair of raw structures by design")]
mod bridge {
    use arrow::array::ArrayData;
    use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
    use polars_arrow::array::Array;
    use polars_arrow::ffi::{ArrowArray, ArrowSchema, import_array_from_c, import_field_from_c};

    use super::FrameError;

    const _: () = {
        assert!(size_of::<FFI_ArrowArray>() == size_of::<ArrowArray>());
        assert!(size_of::<FFI_ArrowSchema>() == size_of::<ArrowSchema>());
    };

    /// Hands an array over to Polars, which then owns a share of its buffers.
    pub(super) fn share(data: &ArrayData) -> Result<Box<dyn Array>, FrameError> {
        let (array, schema) = to_ffi(data)?;
        // SAFETY: both libraries define the two structures of the Arrow C data interface with the same layout (C
        // representation, sizes compared above); ownership moves, so each release callback runs once.
        unsafe {
            let array: ArrowArray = std::mem::transmute(array);
            let schema: ArrowSchema = std::mem::transmute(schema);
            let field = import_field_from_c(&schema)?;
            Ok(import_array_from_c(array, field.dtype)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
        StringViewArray,
    };
    use arrow::datatypes::Int32Type;

    use super::frame_of;

    #[test]
    fn every_column_arrives_with_its_values_and_gaps() {
        let words: DictionaryArray<Int32Type> =
            vec![Some("a"), None, Some("a")].into_iter().collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("n", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
            ("x", Arc::new(Float64Array::from(vec![0.5, f64::NAN, -1.0]))),
            ("s", Arc::new(StringArray::from(vec![Some("é"), Some(""), None]))),
            ("v", Arc::new(StringViewArray::from(vec!["short", "a text beyond twelve bytes", ""]))),
            ("d", Arc::new(words)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let frame = frame_of(&batch.schema(), &[batch.slice(0, 2), batch.slice(2, 1)]).unwrap();
        assert_eq!(frame.shape(), (3, 5));
        let n = frame.column("n").unwrap().i64().unwrap();
        assert_eq!(n.iter().collect::<Vec<_>>(), [Some(1), None, Some(3)]);
        let s = frame.column("s").unwrap().str().unwrap();
        assert_eq!(s.iter().collect::<Vec<_>>(), [Some("é"), Some(""), None]);
        let v = frame.column("v").unwrap().str().unwrap();
        assert_eq!(v.get(1), Some("a text beyond twelve bytes"));
        let d = frame.column("d").unwrap().str().unwrap();
        assert_eq!(d.iter().collect::<Vec<_>>(), [Some("a"), None, Some("a")]);
    }

    #[test]
    fn no_rows_give_a_frame_without_rows() {
        let batch = RecordBatch::try_from_iter([(
            "n",
            Arc::new(Int64Array::from(Vec::<i64>::new())) as ArrayRef,
        )])
        .unwrap();
        assert_eq!(frame_of(&batch.schema(), &[]).unwrap().shape(), (0, 1));
    }
}
