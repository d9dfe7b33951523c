#include "frugal/agent/phrases.h"

namespace frugal::agent {

namespace {

constexpr std::string_view kText = R"(
[status]
train:
What is the status of order {order}?
What is the status of my order {order}?
How is my order {order} doing?
Where is my order {order}?
Please tell me the status of order {order}.
Can you check the status of order {order}?
Is order {order} on its way?
Has order {order} been shipped yet?
I want to know the status of {order}.
Please check order {order} and tell me its status.
My order is {order}. What is its status?
Could you look up the status of order {order} for me?
Tell me how far order {order} is.
I am waiting for order {order}. What is its status now?
What has happened to order {order}?
Order {order}: what is the status?
Do you know where order {order} is now?
I would like to know whether {order} has been shipped.
validation:
Can you tell me the status of {order}?
Do you know the status of my order {order}?
Please look up where order {order} is.
My order {order}: has it been shipped yet?
test:
Could you check where my order {order} is now?
I would like to know the status of order {order}.
Please tell me how my order {order} is doing.
What is the status of {order} now?
[item]
train:
What is in order {order}?
What did I buy with order {order}?
Which item is in order {order}?
What did I order with {order}?
Please tell me what order {order} contains.
Can you check which item order {order} is for?
I forgot what I bought in order {order}.
What item belongs to order {order}?
Tell me the item of order {order}.
My order is {order}. Which item is it?
Could you look up what is in order {order} for me?
Which thing did I buy with {order}?
I want to know what is inside order {order}.
Order {order}: which item is that?
What exactly is order {order} for?
Please look up the item of order {order}.
validation:
Can you tell me what is in my order {order}?
Which item did I buy with order {order}?
Please check what order {order} contains.
I want to know which item is in {order}.
test:
Could you tell me which item order {order} contains?
What item is in my order {order}?
I forgot which item order {order} is for.
Please tell me what is inside order {order}.
[total]
train:
What is the total of order {order}?
How much did order {order} cost?
How much did I pay for order {order}?
Please tell me the total of order {order}.
Can you check the price of order {order}?
What did I pay for {order}?
I want to know the total of order {order}.
My order is {order}. How much was it?
Could you look up how much order {order} was?
Tell me the price of order {order}.
How expensive was order {order}?
Order {order}: what was the total?
What was the amount of order {order}?
I need the total of my order {order}.
Please look up what I paid for order {order}.
How much money was order {order}?
validation:
Can you tell me the total of my order {order}?
How much was my order {order}?
Please check how much I paid for {order}.
I need to know what order {order} cost.
test:
Could you tell me how much order {order} was?
What was the price of my order {order}?
I want to know how much I paid for order {order}.
Please look up the total of {order}.
[refund]
train:
Please refund order {order}.
I want a refund for order {order}.
I want my money back for order {order}.
Can you refund my order {order}?
I would like to return order {order} and get my money back.
Could you pay back order {order}?
I do not like what I got with order {order}. Please refund it.
Order {order} is broken. I want a refund.
I need a refund of order {order}.
My order is {order}. Please give me my money back.
I am not happy with order {order} and want a refund.
Refund {order} please.
Please return my money for order {order}.
Order {order} is not what I wanted. Can I get a refund?
Is a refund possible for order {order}? If so, please do it.
I have changed my mind about order {order}. Refund it please.
validation:
Can I get my money back for order {order}?
Please give me a refund for {order}.
I am not happy with my order {order}. Please refund it.
I would like a refund of order {order}.
test:
Could you refund order {order} for me?
I want to return order {order}. Please give me my money back.
Order {order} is broken, can you refund it?
I need my money back for order {order}.
[cancel]
train:
Please cancel order {order}.
I want to cancel order {order}.
Can you cancel my order {order}?
I do not need order {order} any more. Please cancel it.
Could you stop order {order}?
I ordered {order} by mistake. Cancel it please.
Please stop my order {order}.
I would like to cancel order {order}.
My order is {order}. Please cancel it for me.
I have changed my mind. Cancel order {order}.
Cancel {order} please.
Order {order} was a mistake. Can you cancel it?
I need you to cancel order {order}.
If it is possible, cancel order {order}.
I no longer want order {order}.
Is it possible to cancel order {order}? Please do so.
validation:
Can you please cancel order {order}?
I no longer need order {order}. Please cancel it.
I would like you to cancel my order {order}.
Order {order} was a mistake, please stop it.
test:
Could you cancel order {order} for me?
I want you to cancel my order {order}.
Please cancel {order}, I do not need it any more.
I have changed my mind and want to cancel order {order}.
[address]
train:
Please send order {order} to {address}.
I want order {order} to go to {address}.
Change the address of order {order} to {address}.
Can you change the address of my order {order} to {address}?
I have moved to {address}. Please send order {order} there.
My new address is {address}. Please change it for order {order}.
Could you deliver order {order} to {address}?
Order {order} must go to {address}.
The address of order {order} is wrong. It must be {address}.
Please deliver my order {order} to {address} instead.
I would like order {order} to be sent to {address}.
Send {order} to {address} instead, please.
I need order {order} delivered to {address}.
For order {order}, please use the address {address}.
Please change where order {order} goes: {address}.
I gave a wrong address for order {order}. The new one is {address}.
validation:
Can you send my order {order} to {address}?
I have moved. Please send order {order} to {address}.
Please change the address of {order} to {address}.
The address of my order {order} must be {address}.
test:
Could you change the address of order {order} to {address}?
I want my order {order} to be delivered to {address}.
My new address is {address}. Please send order {order} there.
Please use the address {address} for order {order}.
[delivery]
train:
How long does delivery to {town} take?
How many days does delivery to {town} take?
How long do you need for delivery to {town}?
I live in {town}. How long does delivery take?
What is the delivery time to {town}?
Please tell me the delivery time to {town}.
Can you tell me how long a delivery to {town} takes?
When would a delivery to {town} arrive?
I want something sent to {town}. How many days is that?
How fast do you deliver to {town}?
How soon can you deliver to {town}?
I would like to know how long delivery to {town} takes.
If I order to {town}, how many days does it take?
Do you know the delivery time to {town}?
How long until something arrives in {town}?
Is delivery to {town} fast? How many days?
validation:
Can you tell me the delivery time to {town}?
I live in {town}. How many days does delivery take?
How long until a delivery arrives in {town}?
I would like to know how fast you deliver to {town}.
test:
Please tell me how long delivery to {town} takes.
If I live in {town}, how long does delivery take?
How many days do you need for delivery to {town}?
Do you know how long a delivery to {town} takes?
[store]
train:
When does the store in {town} open?
What time does the store in {town} open?
At what time does the store in {town} open?
Please tell me when the store in {town} opens.
I want to visit the store in {town}. When does it open?
What are the opening hours of the store in {town}?
Can you tell me when the shop in {town} opens?
From what time is the store in {town} open?
How early does the store in {town} open?
When can I come to the store in {town}?
I live in {town}. When does the store open?
Do you know when the store in {town} opens?
Your store in {town}: when does it open?
When do you open in {town}?
I would like to know when the {town} store opens.
Is the store in {town} open early? When does it open?
validation:
Can you tell me what time the store in {town} opens?
Please tell me the opening hours of the store in {town}.
I want to come to the store in {town}. What time does it open?
When does your shop in {town} open?
test:
Do you know what time the store in {town} opens?
I would like to visit the store in {town}. When does it open?
At what time does your store in {town} open?
Can you tell me when the {town} store opens?
[warranty]
train:
How long is the warranty of the {item}?
How long does the warranty of the {item} last?
What is the warranty of the {item}?
Please tell me how long the warranty of the {item} is.
I bought the {item}. How long is the warranty?
Is there a warranty on the {item}? For how long?
How many months of warranty does the {item} have?
Can you tell me the warranty of the {item}?
For how many months is the warranty of the {item}?
I want to buy the {item}. What warranty does it have?
Do you know how long the warranty of the {item} lasts?
What warranty comes with the {item}?
Does the {item} have a warranty? How long is it?
I would like to know the warranty of the {item}.
The {item}: how long is its warranty?
When does the warranty of the {item} end?
validation:
Can you tell me how long the warranty of the {item} lasts?
How many months is the warranty of the {item}?
I bought the {item}. What warranty does it have?
Please tell me the warranty of the {item}.
test:
Do you know the warranty of the {item}?
I want to know how long the warranty of the {item} is.
For how long is there a warranty on the {item}?
How many months does the warranty of the {item} last?
[total_and_refund]
train:
How much did order {order} cost? Please refund it.
Tell me the total of order {order} and refund it.
Please refund order {order} and tell me the total.
What is the total of order {order}? I want a refund for it.
I want my money back for order {order}. How much was it?
How much was {order}? Please pay it back.
Refund order {order} please, and tell me how much it was.
Please tell me what I paid for order {order} and give me my money back.
I need the total of order {order} and a refund.
Can you refund order {order} and tell me what it cost?
Order {order} is broken. Refund it and tell me the amount.
Look up the total of order {order}, then refund it.
First tell me the total of {order}, then refund it please.
How expensive was order {order}? I also want a refund.
I would like a refund of order {order}. What was its total?
Could you tell me the price of order {order} and refund it?
validation:
Please tell me the total of order {order} and refund it.
Can you refund {order} and tell me how much it was?
How much was order {order}? I want my money back.
I want a refund for order {order}. What did it cost?
test:
Could you refund order {order} and tell me the total?
What did order {order} cost? Please give me my money back.
Tell me how much order {order} was, then refund it.
I need a refund of order {order}. How much was it?
[status_and_cancel]
train:
What is the status of order {first}? Please cancel order {second}.
Tell me the status of order {first} and cancel order {second}.
Where is order {first}? And please cancel {second}.
Please check order {first} and cancel order {second}.
I want to know the status of {first} and to cancel {second}.
Is order {first} on its way? I also want to cancel order {second}.
Can you tell me where {first} is and cancel {second}?
I have two orders. What is the status of {first}? Cancel {second} please.
Look up the status of order {first}, then cancel order {second}.
How is order {first} doing? Order {second} was a mistake, please cancel it.
Two things: the status of order {first}, and cancel order {second}.
Has {first} been shipped yet? Please cancel my order {second}.
First check the status of order {first}, then cancel {second}.
I am waiting for order {first}, what is its status? I do not need {second}, cancel it.
Could you check {first} for me and cancel {second}?
Please tell me how far order {first} is. Also cancel order {second}.
validation:
Where is my order {first}? Also cancel {second} please.
Can you check the status of {first} and cancel order {second}?
I want to cancel order {second} and to know the status of order {first}.
Please look up the status of {first}, then cancel {second}.
test:
What is the status of {first}? I also want to cancel {second}.
Could you tell me the status of order {first} and cancel order {second}?
Has order {first} been shipped? And please cancel order {second}.
Two things: where is {first}, and please cancel {second}.
[out_of_scope]
train:
What is the weather in {town}?
Can you book a hotel in {town} for me?
Please write a poem about {town}.
Who is the mayor of {town}?
Which train goes to {town}?
What do you think of {firm}?
Can you call {firm} for me?
Please tell me a joke.
How do I cook soup?
What is the best restaurant in {town}?
Should I buy shares of {firm}?
Can you help me with my homework?
Book a taxi to {town} please.
Tell me a story about {town}.
Who won the game in {town}?
What is the phone number of {firm}?
How far is it to {town}?
Please translate a letter to {firm} for me.
validation:
Can you book a train to {town} for me?
Please tell me a story about {firm}.
What is the best hotel in {town}?
Who is the best cook in {town}?
test:
Should I book a restaurant in {town}?
Please write a letter to {firm} for me.
How is the weather in {town}?
Can you tell me a joke about {town}?
)";

}  // namespace

const PhraseBook& customer_service_phrases() {
  static const PhraseBook book(kText);
  return book;
}

}  // namespace frugal::agent
