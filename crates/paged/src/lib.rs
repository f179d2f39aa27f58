//! [`macro@paged`]: the four paging arguments of Relay connections, written once for all fields.

use proc_macro::TokenStream;
use quote::quote;
use syn::{
    FnArg, ImplItem, ImplItemFn, ItemImpl, Pat, Token, Type, parse_macro_input, parse_quote,
    punctuated::Punctuated,
};

/// Gives the fields of an `#[Object]` the arguments `first`, `after`, `last` and `before`.
///
/// Put it above `#[Object]`. In each method, an argument of the type `PageArguments` becomes these
/// four. The method receives their values as a `PageArguments` under the argument's name.
#[proc_macro_attribute]
pub fn paged(_: TokenStream, object: TokenStream) -> TokenStream {
    let mut object = parse_macro_input!(object as ItemImpl);
    for item in &mut object.items {
        if let ImplItem::Fn(field) = item {
            expand(field);
        }
    }
    quote!(#object).into()
}

fn expand(field: &mut ImplItemFn) {
    let inputs = &field.sig.inputs;
    let Some((at, name)) = inputs
        .iter()
        .enumerate()
        .find_map(|(at, input)| Some((at, page(input)?)))
    else {
        return;
    };
    let four: Punctuated<FnArg, Token![,]> = parse_quote! {
        #[graphql(desc = "Number of rows from the start, or behind `after`: 0 to 100; 25 by default.")]
        first: Option<i32>,
        #[graphql(desc = "Only rows behind this cursor.")]
        after: Option<String>,
        #[graphql(desc = "Number of rows from the end, or ahead of `before`: 0 to 100.")]
        last: Option<i32>,
        #[graphql(desc = "Only rows ahead of this cursor.")]
        before: Option<String>
    };
    let ahead = inputs.iter().take(at).cloned();
    let behind = inputs.iter().skip(at + 1).cloned();
    let all: Vec<_> = ahead.chain(four).chain(behind).collect();
    field.sig.inputs = all.into_iter().collect();
    field
        .attrs
        .push(parse_quote!(#[allow(clippy::too_many_arguments)]));
    let collect = parse_quote! {
        let #name = PageArguments { first, after, last, before };
    };
    field.block.stmts.insert(0, collect);
}

/// Returns the pattern of an argument of the type `PageArguments`.
fn page(input: &FnArg) -> Option<Pat> {
    let FnArg::Typed(input) = input else {
        return None;
    };
    match &*input.ty {
        Type::Path(ty) if ty.path.is_ident("PageArguments") => Some((*input.pat).clone()),
        _ => None,
    }
}
